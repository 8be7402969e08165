/**
 * Replaces the SDK's platform modules in the built programs, without their JSON Schema validator, of 300 kB: our server
 * checks forms itself, and our only client, the demo, gets no schemas of results.
 */
export class DefaultJsonSchemaValidator {
  getValidator() {
    return (data) => ({ valid: true, data, errorMessage: undefined });
  }
}
export const process = globalThis.process;

/** Only browsers check the origin of requests. */
export const CORS_IS_POSSIBLE = false;
