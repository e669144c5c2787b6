"""Which mutations are commits with our trailers, and why the others are none."""

# Each of them is made in the demo, and the commits counted.
COUNTED = frozenset(
    {
        "createApplication",
        "editApplication",
        "deleteApplication",
        "createGitSource",
        "editGitSource",
        "deleteGitSource",
        "syncApplication",
        "terminateOperation",
        "rollbackApplication",
        "deleteResource",
        "runResourceAction",
    }
)
ELSEWHERE = {
    "rolloutAction": "written down as runResourceAction is; the demo has no Rollout",
    "steerRollouts": "rolloutAction, once for each",
    "refreshApplication": "compares, and changes nothing",
    "validateApplication": "changes nothing",
    "reportImageBuild": "what CI tells of an image, kept by the control plane; it changes nothing in Git or a cluster",
    "setFavorite": "personal",
    "hideAlerts": "personal",
    "addGitToken": "personal, and a secret",
    "removeGitToken": "personal",
    "addPerson": "who may sign in, kept by the control plane",
    "removePerson": "who may sign in, kept by the control plane",
    "changePassword": "a secret",
    "createApiToken": "a secret",
    "revokeApiToken": "a secret",
    "createRuntime": "who may connect, kept by the control plane",
    "createHostedRuntime": "who may connect, kept by the control plane",
    "renewRuntimeToken": "a secret",
    "removeRuntime": "who may connect, kept by the control plane",
    "connectGitHost": "a secret of the runtime",
    "addCluster": "a secret of the runtime",
    "manageRuntime": "committed as a Git Source is; the demo's runtime is hosted, and installed nowhere",
    "removeCluster": "a secret of the runtime",
    "installRollouts": "committed as a Git Source is; the demo has one cluster, which needs none",
}
