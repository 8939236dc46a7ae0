//! The output folder: files are replaced whole or not at all, and left alone when nothing changed.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use relais::sink::{OutputDir, SinkError, WriteOutcome};
use tempfile::TempDir;

fn folder() -> (TempDir, OutputDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dir = OutputDir::open(&folder.path().join("output")).expect("an output folder");
    (folder, dir)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn place(path: &Path, bytes: &[u8]) {
    File::create_new(path).and_then(|mut file| file.write_all(bytes)).expect("a file");
}

#[test]
fn a_file_can_be_read_by_a_web_server_and_nothing_else_is_left() {
    let (root, dir) = folder();
    assert_eq!(dir.write_file("jeux.fr.atom", b"<feed/>\n").expect("written").0, WriteOutcome::New);
    let path = root.path().join("output/jeux.fr.atom");
    assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o7777, 0o644);
    assert_eq!(fs::read(&path).expect("a file"), b"<feed/>\n");
    assert_eq!(names(&root.path().join("output")), ["jeux.fr.atom"]);
}

#[test]
fn the_same_bytes_leave_the_file_alone_and_others_replace_it() {
    let (root, dir) = folder();
    let path = root.path().join("output/a.json");
    dir.write_file("a.json", b"{\"a\":1}").expect("written");
    let first = fs::metadata(&path).expect("a file");
    assert_eq!(dir.write_file("a.json", b"{\"a\":1}").expect("looked at").0, WriteOutcome::Same);
    let second = fs::metadata(&path).expect("a file");
    assert_eq!((first.ino(), first.mtime(), first.mtime_nsec()), (second.ino(), second.mtime(), second.mtime_nsec()));

    let mut reader = File::open(&path).expect("a file");
    assert_eq!(dir.write_file("a.json", b"{\"a\":2}").expect("written").0, WriteOutcome::New, "same size, other bytes");
    assert_eq!(fs::read(&path).expect("a file"), b"{\"a\":2}");
    let mut old = String::new();
    std::io::Read::read_to_string(&mut reader, &mut old).expect("a file that is open stays");
    assert_eq!(old, "{\"a\":1}", "who reads the old file reads it to its end");
}

#[test]
fn folders_are_made_and_names_stay_within_the_output() {
    let (root, dir) = folder();
    let (_, written) = dir.write_file("archive/2026/11.atom", b"x").expect("written");
    assert!(dir.is_untouched(&written));
    for name in ["", "/etc/a", "../a", "a/../../b", "a//b", "./a", "a/", "a\0b", ".relais-a", "archive/.relais-a"] {
        assert!(matches!(dir.write_file(name, b"x"), Err(SinkError::Name { .. })), "{name:?}");
        assert!(matches!(dir.remove_file(name), Err(SinkError::Name { .. })), "{name:?}");
    }
    assert_eq!(names(root.path()), ["output"]);
    dir.remove_file("archive/2026/11.atom").expect("removed");
    dir.remove_file("archive/2026/11.atom").expect("one that is not there is no error");
    dir.remove_file("never/was").expect("nor is one in a folder that is not there");
    assert!(!dir.is_untouched(&written));
}

/// Writes a file in place, as a program that knows nothing of relais would.
fn overwrite(path: &Path, bytes: &[u8]) {
    let mut file = File::options().write(true).truncate(true).open(path).expect("a file");
    file.write_all(bytes).expect("written");
}

#[test]
fn file_that_was_overwritten_with_its_old_date_is_not_untouched() {
    let (root, dir) = folder();
    let path = root.path().join("output/a.atom");
    let (_, written) = dir.write_file("a.atom", b"whole").expect("written");
    assert!(dir.is_untouched(&written));
    let date = fs::metadata(&path).and_then(|meta| meta.modified()).expect("a date");
    // The clock of a file system ticks every few milliseconds.
    while fs::metadata(&path).expect("a file").ctime_nsec()
        == fs::metadata(place_again(root.path())).expect("a file").ctime_nsec()
    {}
    overwrite(&path, b"hurt!");
    File::options().write(true).open(&path).and_then(|file| file.set_modified(date)).expect("its old date");
    assert!(!dir.is_untouched(&written));
}

/// Makes a file anew, which gets the present time of the file system.
fn place_again(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("now");
    let _ = fs::remove_file(&path);
    place(&path, b"");
    path
}

#[test]
fn damaged_file_of_the_same_size_is_not_read_back() {
    let (root, dir) = folder();
    let (_, written) = dir.write_file("a.atom", b"whole").expect("written");
    overwrite(&root.path().join("output/a.atom"), b"hurt!");
    assert_eq!(dir.read_back(&written), None);
}

#[test]
fn file_that_was_copied_back_is_read_back_with_its_new_stamp() {
    let (root, dir) = folder();
    let path = root.path().join("output/a.atom");
    let (_, written) = dir.write_file("a.atom", b"whole").expect("written");
    fs::rename(&path, root.path().join("copy")).expect("moved");
    place(&path, b"whole");
    assert!(!dir.is_untouched(&written), "another inode");
    let read = dir.read_back(&written).expect("the same bytes");
    assert!(dir.is_untouched(&read));
}

#[test]
fn link_in_the_place_of_a_file_is_not_read_back() {
    let (root, dir) = folder();
    let path = root.path().join("output/a.atom");
    let (_, written) = dir.write_file("a.atom", b"whole").expect("written");
    fs::rename(&path, root.path().join("copy")).expect("moved");
    symlink(root.path().join("copy"), &path).expect("a link");
    assert!(!dir.is_untouched(&written));
    assert_eq!(dir.read_back(&written), None);
}

#[test]
fn a_link_is_replaced_and_what_it_points_to_stays() {
    let (root, dir) = folder();
    let elsewhere = root.path().join("elsewhere");
    place(&elsewhere, b"precious");
    let path = root.path().join("output/a.html");
    symlink(&elsewhere, &path).expect("a link");
    assert_eq!(dir.write_file("a.html", b"precious").expect("written").0, WriteOutcome::New, "a link is never the same");
    assert!(fs::symlink_metadata(&path).expect("a file").is_file());
    dir.write_file("a.html", b"other").expect("written");
    assert_eq!(fs::read(&elsewhere).expect("a file"), b"precious");
}

#[test]
fn temporaries_of_killed_runs_go_and_those_being_written_stay() {
    let (root, dir) = folder();
    let output = root.path().join("output");
    dir.write_file("archive/1.atom", b"x").expect("written");
    for stale in [".relais-dead", "archive/.relais-dead", ".hidden-of-others"] {
        place(&output.join(stale), b"half");
    }
    let written = File::create_new(output.join(".relais-live")).expect("a file");
    written.lock().expect("a lock");
    OutputDir::open(&output).expect("an output folder");
    assert_eq!(names(&output), [".hidden-of-others", ".relais-live", "archive"]);
    assert_eq!(names(&output.join("archive")), ["1.atom"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let file = root.path().join("file");
    place(&file, b"not a folder");
    for path in [file.clone(), file.join("below")] {
        let error = OutputDir::open(&path).expect_err("a file is no folder");
        assert!(matches!(error, SinkError::Folder { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("{path:?}")), "{error}");
    }
    let dir = OutputDir::open(root.path()).expect("an output folder");
    assert!(matches!(dir.write_file("file/below.atom", b"x"), Err(SinkError::Folder { .. })));
    assert_eq!(fs::read(&file).expect("a file"), b"not a folder");
    fs::create_dir(root.path().join("taken")).expect("a folder");
    assert!(matches!(dir.write_file("taken", b"x"), Err(SinkError::Other { .. })));
    assert_eq!(names(root.path()), ["file", "taken"], "no temporary is left");
}

#[test]
fn a_folder_of_someone_else_is_named_with_its_owner() {
    let (root, dir) = folder();
    dir.write_file("a.atom", b"old").expect("written");
    let output = root.path().join("output");
    fs::set_permissions(&output, Permissions::from_mode(0o555)).expect("permissions");
    if File::create_new(output.join("probe")).is_ok() {
        return; // The super-user may write anywhere; what the message says is tested beside the code.
    }
    let error = dir.write_file("a.atom", b"new").expect_err("a folder that may not be written");
    assert!(matches!(error, SinkError::Denied { .. }), "{error:?}");
    assert!(error.to_string().contains("has mode 0555"), "{error}");
    assert_eq!(fs::read(output.join("a.atom")).expect("a file"), b"old");
    fs::set_permissions(&output, Permissions::from_mode(0o755)).expect("permissions");
}

/// Set for the test that the next one starts as a process of its own.
const CRAMPED: &str = "RELAIS_TEST_CRAMPED";

#[test]
fn a_disk_that_fills_up_while_writing_leaves_the_old_file() {
    if let Some(output) = std::env::var_os(CRAMPED) {
        let dir = OutputDir::open(Path::new(&output)).expect("an output folder");
        let error = dir.write_file("a.atom", &vec![b'x'; 1 << 20]).expect_err("more than may be written");
        assert!(matches!(error, SinkError::Full { .. }), "{error:?}");
        return;
    }
    let (root, dir) = folder();
    dir.write_file("a.atom", b"old").expect("written");
    let output = root.path().join("output");
    // A limit on the size of files stops a write halfway, as a full disk does, and needs no rights to set up. It holds
    // for a whole process, and so does the ignored signal that would end it: hence a process of its own.
    let this = std::env::current_exe().expect("this program");
    let child = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact sink::a_disk_that_fills_up_while_writing_leaves_the_old_file",
        ])
        .arg(this)
        .env(CRAMPED, &output)
        .output()
        .expect("a process");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{child:?}");
    assert_eq!(fs::read(output.join("a.atom")).expect("a file"), b"old");
    assert_eq!(names(&output), ["a.atom"], "no temporary is left");
}
