"""The shape of application that Flux's published benchmark uses: Deployment with no replicas, ServiceAccount, Service,
Ingress."""

import json
from typing import Any

NAMESPACE = "bench"


def name_of(number: int) -> str:
    return f"app-{number:05d}"


def objects(name: str) -> list[dict[str, Any]]:
    """The four objects of one application, namespace included."""
    labels = {"app.kubernetes.io/name": name}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    container = {
        "name": "app",
        "image": "registry.example.com/bench/app:1.0.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    template = {"metadata": {"labels": labels}, "spec": {"serviceAccountName": name, "containers": [container]}}
    backend = {"service": {"name": name, "port": {"number": 80}}}
    rule = {"host": f"{name}.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
        },
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {"rules": [rule]}},
    ]


def manifests(name: str, *, image_tag: str = "1.0.0") -> bytes:
    """The four objects as one multi-document file; JSON is YAML."""
    documents = (json.dumps(body, indent=1) for body in objects(name))
    return "\n---\n".join(documents).replace("app:1.0.0", f"app:{image_tag}").encode()


def application(name: str, *, repo_url: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "project": "default",
            "source": {"repoURL": repo_url, "targetRevision": "main", "path": f"apps/{name}"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }
