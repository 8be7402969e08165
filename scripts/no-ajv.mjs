/**
 * Replaces ajv and ajv-formats in the built programs: the SDK imports them for its default validator of forms and tool
 * results, which our server replaces and our only client, the demo, never uses.
 */
export default function noAjv() {}
