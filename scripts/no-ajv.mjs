/**
 * In place of ajv and ajv-formats in what is built: the SDK imports them for its default validator of forms and of tools'
 * results, which our server replaces and our client, that of the demo, never asks.
 */
export default function noAjv() {}
