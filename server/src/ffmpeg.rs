//! Where ffmpeg is: looked for once, at the start.

use std::path::{Path, PathBuf};

use openwa_core::settings::Ffmpeg;

use crate::config::ConversionConfig;

/// The program that the settings name, or the first of that name in the folders of `PATH`.
pub(crate) fn find(config: &ConversionConfig) -> Ffmpeg {
    if !config.enabled {
        return Ffmpeg::SwitchedOff;
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    find_in(&config.ffmpeg, std::env::split_paths(&folders)).map_or(Ffmpeg::NotFound, Ffmpeg::At)
}

fn find_in(program: &Path, mut folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    if program.components().count() > 1 || program.is_absolute() {
        return is_program(program).then(|| program.to_owned());
    }
    folders.find_map(|it| Some(it.join(program)).filter(|it| is_program(it)))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_program_is_found_by_name_or_path_where_it_may_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, full) = (folder.path().join("empty"), folder.path().join("full"));
        for it in [&empty, &full] {
            std::fs::create_dir(it).unwrap();
        }
        let program = full.join("ffmpeg");
        std::fs::write(&program, "").unwrap();
        let find = |name: &Path| find_in(name, [empty.clone(), full.clone()].into_iter());
        assert_eq!(find(Path::new("ffmpeg")), None, "it may not be run");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find(Path::new("ffmpeg")), Some(program.clone()));
        assert_eq!(find(&program), Some(program));
        assert_eq!(find(&empty.join("ffmpeg")), None);
        assert_eq!(find(Path::new("ffprobe")), None);
        assert_eq!(find(&full), None, "a folder is no program");
    }
}
