"""Pushes as each Git host tells of them, cut to the parts that matter, and the addresses that they name."""

from typing import Any

_GITHUB_LIKE = {
    "ref": "refs/heads/main",
    "repository": {
        "id": 7,
        "full_name": "acme/apps",
        "private": True,
        "html_url": "https://git.example.test/acme/apps",
        "clone_url": "https://git.example.test/acme/apps.git",
        "ssh_url": "git@git.example.test:acme/apps.git",
        "owner": {"login": "acme"},
    },
    "commits": [{"id": "1" * 40, "added": ["a.yaml"], "removed": [], "modified": []}],
}
_GITHUB_URLS = (
    "https://git.example.test/acme/apps.git",
    "git@git.example.test:acme/apps.git",
    "https://git.example.test/acme/apps",
)

PAYLOADS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "github": (_GITHUB_LIKE, _GITHUB_URLS),
    "gitea": (_GITHUB_LIKE, _GITHUB_URLS),
    "forgejo": (_GITHUB_LIKE, _GITHUB_URLS),
    "gogs": (_GITHUB_LIKE, _GITHUB_URLS),
    "gitlab": (
        {
            "object_kind": "push",
            "project": {
                "id": 15,
                "web_url": "https://gitlab.example.test/acme/apps",
                "git_http_url": "https://gitlab.example.test/acme/apps.git",
                "git_ssh_url": "git@gitlab.example.test:acme/apps.git",
            },
            "repository": {"name": "apps", "git_http_url": "https://gitlab.example.test/acme/apps.git"},
        },
        ("https://gitlab.example.test/acme/apps.git", "git@gitlab.example.test:acme/apps.git"),
    ),
    "bitbucket": (
        {
            "push": {"changes": [{"new": {"type": "branch", "name": "main"}}]},
            "repository": {
                "type": "repository",
                "full_name": "acme/apps",
                "links": {
                    "self": {"href": "https://api.bitbucket.example.test/2.0/repositories/acme/apps"},
                    "html": {"href": "https://bitbucket.example.test/acme/apps"},
                    "avatar": {"href": "https://bitbucket.example.test/avatar.png"},
                },
            },
        },
        ("https://bitbucket.example.test/acme/apps",),
    ),
    "bitbucket server": (
        {
            "eventKey": "repo:refs_changed",
            "repository": {
                "slug": "apps",
                "project": {"key": "ACME"},
                "links": {
                    "clone": [
                        {"href": "https://stash.example.test/scm/acme/apps.git", "name": "http"},
                        {"href": "ssh://git@stash.example.test:7999/acme/apps.git", "name": "ssh"},
                    ],
                    "self": [{"href": "https://stash.example.test/projects/ACME/repos/apps/browse"}],
                },
            },
        },
        ("https://stash.example.test/scm/acme/apps.git", "ssh://git@stash.example.test:7999/acme/apps.git"),
    ),
    "bitbucket server without links": (
        {"eventKey": "repo:refs_changed", "repository": {"slug": "apps", "project": {"key": "ACME"}}},
        (),
    ),
    "azure devops": (
        {
            "eventType": "git.push",
            "resource": {
                "refUpdates": [{"name": "refs/heads/main"}],
                "repository": {
                    "id": "278d5cd2-584d-4b63-824a-2ba458937249",
                    "remoteUrl": "https://dev.example.test/acme/shop/_git/apps",
                    "sshUrl": "git@ssh.dev.example.test:v3/acme/shop/apps",
                },
            },
        },
        ("https://dev.example.test/acme/shop/_git/apps", "git@ssh.dev.example.test:v3/acme/shop/apps"),
    ),
    "ghcr": (
        {
            "action": "published",
            "package": {
                "name": "charts/shop",
                "namespace": "acme",
                "package_type": "CONTAINER",
                "ecosystem": "CONTAINER",
            },
            "repository": {"html_url": "https://git.example.test/acme/apps"},
        },
        ("oci://ghcr.io/acme/charts/shop", "https://git.example.test/acme/apps"),
    ),
    "harbor": (
        {
            "type": "PUSH_ARTIFACT",
            "event_data": {
                "resources": [
                    {"digest": "sha256:1", "tag": "1.2.0", "resource_url": "hub.example.test:8443/acme/shop:1.2.0"}
                ],
                "repository": {"name": "shop", "namespace": "acme", "repo_full_name": "acme/shop"},
            },
        },
        ("oci://hub.example.test:8443/acme/shop",),
    ),
    "generic": ({"repository": "https://git.example.test/apps.git"}, ("https://git.example.test/apps.git",)),
    "generic, signed": (
        {"repositories": ["https://git.example.test/a.git", "https://git.example.test/b.git"]},
        ("https://git.example.test/a.git", "https://git.example.test/b.git"),
    ),
}
