"""Actions on live objects: what a person may do to one beyond changing it in Git, and what that does.

Pure: an action is asked of an object and yields patches and new objects; nothing is sent anywhere. Names are those of
Argo CD's built-in actions, so links and habits keep working. argocd-cm may replace or extend them with Lua. Before it:
the live object; after it: `gitsync.reconcile`, which authorises, journals and sends.
"""
