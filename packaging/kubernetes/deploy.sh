#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the container image, rolls the DaemonSet out, shows how it does, and takes it away again.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
repository=$(readlink -f "$here/../..")
namespace=kube-system name=iops-limitd
base_image="iops-limitd:$(sed -n 's/^project(iops-limitd VERSION \([0-9.]*\).*/\1/p' "$repository/CMakeLists.txt")"
image=${IMAGE:-$base_image} overlay=${OVERLAY:-base} timeout=${TIMEOUT:-5m}

usage() {
  cat <<END
usage: deploy.sh ACTION... [--image NAME] [--overlay NAME]

  --build       builds the image with docker
  --push        pushes it to the registry that its name begins with
  --deploy      rolls it out: kubectl apply, then waits until every node is ready
  --status      the DaemonSet, its pods, and what each says of itself (iopsctl health)
  --logs        the last lines of every pod
  --uninstall   takes every limit away, on each node, then the DaemonSet

  --image NAME     REGISTRY/PATH:TAG; default \$IMAGE, or $base_image
  --overlay NAME   base (containerd), socket (containerd with its CRI socket), k3s, k0s, crio, docker,
                   openshift, selinux, node-feature-discovery, dry-run; default \$OVERLAY, or base
Several actions are carried out in the order above. TIMEOUT (default 5m) is how long --deploy waits.
END
}

fail() {
  printf 'deploy.sh: %s\n' "$*" >&2
  exit 1
}

# need COMMAND WHY
need() {
  command -v "$1" >/dev/null || fail "$1 is not installed, and $2"
}

need_cluster() {
  need kubectl "it is what speaks with the cluster: install it, and give it a kubeconfig"
  kubectl version >/dev/null 2>&1 || fail "kubectl reaches no cluster: see 'kubectl version', \$KUBECONFIG and 'kubectl config get-contexts'"
}

manifests() {
  local folder=$here/overlays/$overlay text
  [ "$overlay" != base ] || folder=$here/base
  [ -d "$folder" ] || fail "no overlay '$overlay'; there are: base $(cd "$here/overlays" && echo *)"
  text=$(kubectl kustomize "$folder") || fail "kubectl kustomize $folder failed; it needs kubectl 1.21 or newer"
  grep -qF "image: $base_image" <<<"$text" || fail "the manifests do not name $base_image: is daemonset.yaml of another version?"
  printf '%s\n' "${text//image: $base_image/image: $image}"
}

pods() {
  kubectl -n "$namespace" get pods -l "app.kubernetes.io/name=$name" -o name
}

build() {
  need docker "--build needs it; without an engine packaging/container/build_image.py makes the image"
  docker build -f "$repository/packaging/container/Dockerfile" -t "$image" "$repository"
}

push() {
  need docker "--push needs it"
  [[ $image == */* ]] || fail "'$image' names no registry to push to: --image REGISTRY/PATH:TAG"
  docker push "$image"
}

deploy() {
  local text
  need_cluster
  text=$(manifests)
  kubectl apply -f - <<<"$text"
  kubectl -n "$namespace" rollout status "daemonset/$name" --timeout="$timeout" ||
    fail "not every node is ready after $timeout: deploy.sh --status tells which, and why"
}

status() {
  local pod found bad=0
  need_cluster
  kubectl -n "$namespace" get "daemonset/$name"
  kubectl -n "$namespace" get pods -l "app.kubernetes.io/name=$name" -o wide
  found=$(pods)
  for pod in $found; do
    printf '\n%s\n' "$pod"
    kubectl -n "$namespace" exec "$pod" -- iopsctl health || bad=1
  done
  [ "$bad" -eq 0 ] || fail "not every node is healthy, see above"
}

logs() {
  need_cluster
  kubectl -n "$namespace" logs -l "app.kubernetes.io/name=$name" --prefix --tail=100 --max-log-requests=500
}

# The service keeps its limits when it is stopped: it is told to take them away first.
uninstall() {
  local pod found text left=""
  need_cluster
  text=$(manifests)
  found=$(pods)
  for pod in $found; do
    kubectl -n "$namespace" exec "$pod" -- iopsctl clear || left="$left $pod"
  done
  kubectl delete --ignore-not-found -f - <<<"$text"
  kubectl -n "$namespace" delete configmap -l "app.kubernetes.io/name=$name" --ignore-not-found
  [ -z "$left" ] || fail "limits may be left on the nodes of$left: they end with their containers, or with a reboot"
}

actions=" "
while [ $# -gt 0 ]; do
  case $1 in
    --build | --push | --deploy | --status | --logs | --uninstall) actions+="${1#--} " ;;
    --image | --overlay)
      [ $# -ge 2 ] || fail "$1 wants a name"
      if [ "$1" = --image ]; then image=$2; else overlay=$2; fi
      shift
      ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "what is '$1'?" ;;
  esac
  shift
done
[ "$actions" != " " ] || { usage >&2; exit 1; }
for action in build push deploy status logs uninstall; do
  [[ $actions != *" $action "* ]] || "$action"
done
