/** Refuses a request with the protocol's word for wrong arguments; the text is for whoever must fix them. */
export class InvalidParamsError extends Error {
  // Not McpError: it puts a number before the message, and so does every client.
  readonly code = -32602;
}
