"""What the API server fills in when a built-in object does not say: as every client of a real server expects it.

Only defaults that the published document does not carry; those of custom resources come with their schema. Each
function changes the fresh copy that reading made, never an object of the store.
"""
