// SPDX-License-Identifier: Apache-2.0
#include "config/edited_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace iopslimit {
namespace {

namespace fs = std::filesystem;

constexpr mode_t mode_of_new = 0644;

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw std::runtime_error(path + ": " + why);
}

void require(const std::string& path, std::error_code error) {
  if (error) fail(path, error.message());
}

// Whoever may write to the folder could put another file in the place of ours.
File open_folder(const std::string& path) {
  auto folder = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  require(path, folder.error());
  struct stat status {};
  if (fstat(folder->fd(), &status) != 0) require(path, last_error());
  if ((status.st_uid != 0 && status.st_uid != geteuid()) ||
      (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    fail(path, "others may write to it; chown root and chmod go-w it first");
  return *std::move(folder);
}

std::string read_text(const std::string& path) {
  const auto file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  require(path, file.error());
  struct stat status {};
  if (fstat(file->fd(), &status) != 0) require(path, last_error());
  if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file");
  std::string text;
  require(path, read_whole(file->fd(), largest_config_file, text));
  return text;
}

File create(const std::string& path, const std::string& text) {
  File file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) require(path, last_error());
  require(path, write_all(file.fd(), text));
  return file;
}

}  // namespace

EditedFile::EditedFile(const std::string& main_file, const std::string& name) {
  const fs::path folder = fs::path(main_file).parent_path();
  const fs::path in = name.empty() ? folder : folder / "conf.d";
  lock_ = open_folder(folder);
  if (flock(lock_.fd(), LOCK_EX | LOCK_NB) != 0)
    fail(folder, "somebody else edits the configuration now");
  std::error_code error;
  if (fs::create_directory(in, error)) fs::permissions(in, fs::perms(0755), error);
  require(in, error);
  file_ = name.empty() ? main_file : (in / name).string();
  const fs::file_status found = fs::symlink_status(file_, error);
  exists_ = found.type() != fs::file_type::not_found;
  if (exists_) {
    target_ = fs::canonical(file_, error);
    require(file_, error);
    text_ = read_text(target_);
  } else {
    target_ = file_;
  }
  open_folder(fs::path(target_).parent_path());
  folder_ = folder / ".edit";
  fs::remove_all(folder_, error);  // of an editor that was killed: the lock is ours
  require(folder_, error);
  if (mkdir(folder_.c_str(), 0700) != 0) require(folder_, last_error());
  copy_ = fs::path(folder_) / fs::path(file_).filename();
  create(copy_, text_);
}

EditedFile::~EditedFile() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

std::string EditedFile::edited() const {
  return read_text(copy_);
}

void EditedFile::install(const std::string& text) const {
  const fs::path target = target_;
  const std::string made = target.parent_path() / ("." + target.filename().string() + ".new");
  const File folder = open_folder(target.parent_path());
  struct stat before {};
  const bool there = stat(target_.c_str(), &before) == 0;
  if (there != exists_ || (there && read_text(target_) != text_))
    fail(file_, "somebody else has changed it meanwhile: nothing is installed");
  unlink(made.c_str());
  const File file = create(made, text);
  if (there && fchown(file.fd(), before.st_uid, before.st_gid) != 0) require(made, last_error());
  if (fchmod(file.fd(), there ? before.st_mode & 07777U : mode_of_new) != 0)
    require(made, last_error());
  if (fsync(file.fd()) != 0 || std::rename(made.c_str(), target_.c_str()) != 0) {
    const std::error_code error = last_error();
    unlink(made.c_str());
    require(target_, error);
  }
  if (fsync(folder.fd()) != 0) require(target.parent_path(), last_error());
}

}  // namespace iopslimit
