"""Claims for storage: each gets a volume made for it. Nothing is stored anywhere."""

from gitsync.manifest.object import JsonObject
from gitsync.sandbox.controllers.body import annotations_of, is_deleting, key_of, status_of, uid_of, with_spec
from gitsync.sandbox.controllers.cluster import Cluster
from gitsync.sandbox.errors import AlreadyExistsError, NotFoundError
from gitsync.sandbox.objects import EventType, StoreEvent
from model.identity import ResourceKey

PROVISIONER = "argosy.io/sandbox"
_BY = "persistentvolume-controller"
_CLASS = "standard"
_IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Claims:
    """Binds claims, follows their growth, and removes the volume after the claim."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def start(self) -> None:
        """Offers one storage class, the default."""
        key = ResourceKey("storage.k8s.io", "StorageClass", "", _CLASS)
        if self._cluster.objects.get(key) is None:
            self._cluster.objects.create(
                {
                    "apiVersion": "storage.k8s.io/v1",
                    "kind": "StorageClass",
                    "metadata": {"name": _CLASS, "annotations": {_IS_DEFAULT: "true"}},
                    "provisioner": PROVISIONER,
                    "reclaimPolicy": "Delete",
                    "volumeBindingMode": "Immediate",
                    "allowVolumeExpansion": True,
                }
            )

    def note(self, event: StoreEvent) -> None:
        """A claim that is gone takes its volume along."""
        volume_name = event.object["spec"].get("volumeName")
        if event.type is EventType.DELETED and volume_name:
            self._cluster.queue.add(self.release, ResourceKey("", "PersistentVolume", "", volume_name))
        else:
            self._cluster.queue.add(self.reconcile, key_of(event.object))

    def reconcile(self, key: ResourceKey) -> None:
        claim = self._cluster.objects.get(key)
        if claim is None or is_deleting(claim):
            return
        if not claim["spec"].get("volumeName"):
            claim = self._provision(claim)
        if claim is None:
            return
        wanted = (claim["spec"].get("resources") or {}).get("requests") or {}
        status = {
            **status_of(claim),
            "phase": "Bound",
            "accessModes": claim["spec"].get("accessModes") or [],
            "capacity": {"storage": wanted.get("storage", "1Gi")},
        }
        self._cluster.write_status(claim, status)

    def release(self, key: ResourceKey) -> None:
        volume = self._cluster.objects.get(key)
        if volume is None:
            return
        claim_of = volume["spec"].get("claimRef") or {}
        claim = self._cluster.objects.get(
            ResourceKey("", "PersistentVolumeClaim", claim_of.get("namespace", ""), claim_of.get("name", ""))
        )
        if claim is not None and uid_of(claim) == claim_of.get("uid"):
            return
        if volume["spec"].get("persistentVolumeReclaimPolicy", "Retain") == "Delete":
            self._cluster.delete(volume)
        else:
            self._cluster.write_status(volume, {**status_of(volume), "phase": "Released"})

    def _provision(self, claim: JsonObject) -> JsonObject | None:
        """The claim with a volume of its own; None when its class is not offered."""
        class_name = claim["spec"].get("storageClassName", _CLASS)
        if class_name and not self._is_offered(class_name):
            message = f'storageclass.storage.k8s.io "{class_name}" not found'
            self._cluster.events.warning(claim, "ProvisioningFailed", message, by=_BY)
            return None
        volume = _volume_for(claim, class_name)
        name = volume["metadata"]["name"]
        try:
            created = self._cluster.objects.create(volume)
            self._cluster.write_status(created, {"phase": "Bound"})
        except AlreadyExistsError:
            pass  # Made in an earlier attempt.
        message = f"Successfully provisioned volume {name}"
        self._cluster.events.normal(claim, "ProvisioningSucceeded", message, by=_BY)
        bound = with_spec(claim, volumeName=name, storageClassName=class_name)
        bound["metadata"] = {
            **bound["metadata"],
            "annotations": {
                **annotations_of(claim),
                "pv.kubernetes.io/bind-completed": "yes",
                "pv.kubernetes.io/bound-by-controller": "yes",
                "volume.kubernetes.io/storage-provisioner": PROVISIONER,
            },
        }
        return self._cluster.objects.update(bound)

    def _is_offered(self, class_name: str) -> bool:
        try:
            return self._cluster.objects.get(ResourceKey("storage.k8s.io", "StorageClass", "", class_name)) is not None
        except NotFoundError:
            return True


def _volume_for(claim: JsonObject, class_name: str) -> JsonObject:
    metadata, spec = claim["metadata"], claim["spec"]
    wanted = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "1Gi")
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"pvc-{metadata['uid']}",
            "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
        },
        "spec": {
            "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
            "capacity": {"storage": wanted},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
            },
            "hostPath": {"path": f"/var/lib/sandbox/pvc-{metadata['uid']}"},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": class_name,
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
    }
