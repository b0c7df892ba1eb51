# SPDX-License-Identifier: Apache-2.0
# fish completion for iopsctl(1)

# The author of a pod chooses its containers' names: fish takes each line of a command's output as one word, expands
# nothing in it and quotes what it inserts, except a ~ at the start.
function __iopsctl_names
    set -l left_out '^[~-]'
    contains -- -- (commandline --tokenize --cut-at-cursor --current-process)
    and set left_out '^~'
    iopsctl names 2>/dev/null | string match --regex --invert -- $left_out
end

set -l verbs status list top explain why advise verify health diff edit devices check-config calibrate pause resume reload clear
complete --command iopsctl --no-files
complete --command iopsctl --condition "not __fish_seen_subcommand_from $verbs" --long-option help --description 'show help'
complete --command iopsctl --condition "not __fish_seen_subcommand_from $verbs" --long-option version \
    --description 'show the version'
complete --command iopsctl --condition "__fish_seen_subcommand_from $verbs; and not __fish_seen_subcommand_from edit" --long-option json \
    --description 'one JSON document'

for verb in \
    'status:the disks, how many containers are what, the last error' \
    'list:every container, its limit, why, and its IOPS now' \
    'top:live, what each container does against its limit' \
    'explain:every rule that was checked, and what the kernel holds' \
    'why:what holds a container back now' \
    'advise:which limit each workload needs' \
    'verify:compare every limit with the kernel' \
    'health:for probes' \
    'diff:what a reload would change' \
    'edit:edit the configuration, check it, reload' \
    'devices:the data mounts, down to the disks' \
    'check-config:every error of the configuration' \
    'calibrate:measure the disk, and propose total_iops' \
    'pause:take a limit away, for a while' \
    'resume:end a pause' \
    'reload:read the configuration again' \
    'clear:take every limit away'
    set -l word_and_text (string split --max 1 : $verb)
    complete --command iopsctl --condition "not __fish_seen_subcommand_from $verbs" --arguments $word_and_text[1] \
        --description $word_and_text[2]
end

complete --command iopsctl --condition '__fish_seen_subcommand_from explain why advise pause resume' --arguments '(__iopsctl_names)' \
    --description 'container or pod'
complete --command iopsctl --condition '__fish_seen_subcommand_from edit' --arguments '(iopsctl names --files 2>/dev/null)' \
    --description 'file in conf.d'
complete --command iopsctl --condition '__fish_seen_subcommand_from check-config' --force-files
complete --command iopsctl --condition '__fish_seen_subcommand_from advise' --long-option ini \
    --description 'sections for the configuration'
complete --command iopsctl --condition '__fish_seen_subcommand_from list' --short-option a --long-option all \
    --description 'sandboxes too'
complete --command iopsctl --condition '__fish_seen_subcommand_from health' --short-option l --long-option live \
    --description 'only whether its loop turns'
complete --command iopsctl --condition '__fish_seen_subcommand_from top' --short-option n --long-option times --exclusive \
    --description 'end after this many screens'
complete --command iopsctl --condition '__fish_seen_subcommand_from calibrate' --short-option s --long-option seconds --exclusive \
    --arguments '30 60 300' --description 'how long'
complete --command iopsctl --condition '__fish_seen_subcommand_from calibrate' --short-option y --long-option yes \
    --description 'on a busy disk and beside running pods, too'
complete --command iopsctl --condition '__fish_seen_subcommand_from pause' --short-option f --long-option for --exclusive \
    --arguments '10m 30m 1h 2h' --description 'how long'
