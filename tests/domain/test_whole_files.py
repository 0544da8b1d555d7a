"""What a kill leaves of a file that was being written is cleared away, and nothing else."""

from models.domain.whole_files import clear_drafts, write_whole


def test_drafts_of_one_file_go_and_all_else_stays(tmp_path):
    path, other = tmp_path / "seq-00002.dat", tmp_path / "seq-00003.dat"
    write_whole(path, "whole")
    for name in (".seq-00002.dat.e5os9733", ".seq-00003.dat.x"):
        (tmp_path / name).write_text("half")
    write_whole(other, b"whole")
    clear_drafts(path)
    assert {one.name for one in tmp_path.iterdir()} == {path.name, other.name, ".seq-00003.dat.x"}
    assert path.read_text() == "whole"
