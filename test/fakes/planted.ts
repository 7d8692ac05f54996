/** No bug is planted unless a test says so. */
globalThis.planted = {}
