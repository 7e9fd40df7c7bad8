//! What is read, and what is said of what cannot be.

use cuda_lint_engine::platform::CudaVersion;

use super::*;

/// Reads a configuration in a folder of its own, with files beside it. Problems are
/// `line:column message | help`.
fn read_in(files: &[(&str, &str)], text: &str) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = folder.path().join(NAME);
    std::fs::write(&file, text).unwrap();
    Config::open(&file).map_err(|problems| {
        problems
            .into_iter()
            .map(|it| {
                let name = it.span.file.rsplit('/').next().unwrap_or_default().to_owned();
                let name = if name == NAME { String::new() } else { format!("{name}:") };
                format!("{name}{}:{} {} | {}", it.span.line, it.span.column, it.message, it.help)
            })
            .collect()
    })
}

#[test]
fn everything_that_is_known_is_read() {
    let config = read_in(
        &[("a.rows", "app::sync(stream) : host-waits stream\n")],
        "[model]\nfiles = [\"a.rows\"]\nrows = \"\"\"\n# ours\napp::Copy::up(this dst src _n stream) : copy async\n\"\"\"\n\
         [platform]\ncuda = \"12.4\"\ndefault-stream = \"per-thread\"\npageable-access = true\n\
         concurrent-managed-access = false\nstaging-limit = 1_048_576\n",
    )
    .unwrap();
    let words: Vec<_> = config.rows.iter().flat_map(|rows| &rows.words).collect();
    assert_eq!(words, ["sync", "up"]);
    assert_eq!(config.default_stream, Some(DefaultStream::PerThread));
    let expected = Platform {
        cuda: Some(CudaVersion { major: 12, minor: 4 }),
        pageable_access: Some(true),
        concurrent_managed_access: Some(false),
        staging_limit: Some(1 << 20),
    };
    assert_eq!(config.platform, expected);
    let empty = read_in(&[], "").unwrap();
    let same = |folder: &Patterns| Patterns::in_folder(empty.folder().unwrap()) == *folder;
    assert!(same(&empty.include) && same(&empty.exclude));
    let (include, exclude) = Default::default();
    assert_eq!(Config { file: None, include, exclude, ..empty }, Config::default());
}

#[test]
fn unknown_keys_have_a_place_and_a_suggestion() {
    let problems = read_in(&[], "[modl]\n[platform]\npageable_acess = true\nspeed = 1\n").unwrap_err();
    assert_eq!(
        problems,
        [
            "1:2 this file has no key `modl` | did you mean `model`?",
            "3:1 `[platform]` has no key `pageable_acess` | did you mean `pageable-access`?",
            "4:1 `[platform]` has no key `speed` | known are `cuda`, `default-stream`, `pageable-access`, \
             `concurrent-managed-access`, `staging-limit`",
        ]
    );
}

#[test]
fn wrong_types_and_values_are_said_all_at_once() {
    let problems = read_in(
        &[],
        "model = 1\n[platform]\ncuda = 12.4\ndefault-stream = \"none\"\npageable-access = \"yes\"\nstaging-limit = -1\n",
    )
    .unwrap_err();
    assert_eq!(
        problems,
        [
            "1:9 `model` is a table, and this is a whole number | write `[model]` on a line of its own, and its keys below it",
            "3:8 `cuda` is a text in quotes, and this is a fraction | write `cuda = \"12.4\"`",
            "4:18 there is no default stream `none` | known are `legacy`, `per-thread`",
            "5:19 `pageable-access` is true or false, and this is a text | write `pageable-access = true` or `pageable-access = false`, \
             without quotes",
            "6:17 `staging-limit` is a whole number, 0 or more, and -1 is none that is known | write a number without \
             quotes, such as `staging-limit = 65536`",
        ]
    );
    assert!(read_in(&[], "[platform\n").unwrap_err()[0].starts_with("1:10 this is no TOML: "));
}

#[test]
fn wrong_rows_are_shown_where_they_stand() {
    let rows =
        "[model]\nfiles = [\"a.rows\"]\nrows = \"\"\"\n\napp::sync(strem) : host-waits stream\n\"\"\"\n";
    let problems = read_in(&[("a.rows", "# one\napp::f(dst) : copi async\n")], rows).unwrap_err();
    assert!(problems[0].starts_with("a.rows:2:15 unknown effect `copi"), "{problems:?}");
    assert!(problems[1].starts_with("5:11 unknown role `strem`; "), "{problems:?}");
}

#[test]
fn files_outside_of_the_folder_are_not_read() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    let text = format!("[model]\nfiles = [{:?}, \"missing.rows\"]\n", outside.path());
    let problems = read_in(&[], &text).unwrap_err();
    assert!(problems[0].contains("lies outside of the folder"), "{problems:?}");
    assert!(problems[1].contains("`missing.rows` cannot be read"), "{problems:?}");
}

#[test]
fn the_file_is_found_above_the_inputs_and_two_are_one_too_many() {
    let tree = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(tree.path()).unwrap();
    for name in ["a/src", "b"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    fs::write(root.join("a").join(NAME), "").unwrap();
    assert_eq!(place::find(&[root.join("a/src"), root.join("a")]).unwrap(), Some(root.join("a").join(NAME)));
    assert_eq!(place::find(&[root.join("b"), root.join("nowhere")]).unwrap(), None);
    fs::write(root.join("b").join(NAME), "").unwrap();
    let problem = place::find(&[root.join("a"), root.join("b")]).unwrap_err();
    assert!(problem.help.contains("--config"), "{problem:?}");
}
