from __future__ import annotations


def test_the_dossier_of_a_community_is_five_files(run, tmp_path):
    code, out, _ = run("dossier", "data/anning", "阳光社区", "--out", tmp_path)
    assert code == 0
    names = {
        f"620105002005{ending}" for ending in (".docx", ".xlsx", "_before.png", "_after.png", "_map.html")
    }
    assert {file.name for file in tmp_path.iterdir()} == names
    assert all(name in out for name in names)


def test_usage_faults_end_with_a_plain_message(run):
    assert run("dossier", "data/anning")[0] == 2
    assert run("dossier", "data/anning", "阳光社区", "--parts", "x")[0] == 2
