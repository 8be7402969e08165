import type { Tool as ListedTool } from '@modelcontextprotocol/sdk/types.js';
import type { Tool } from './tool.ts';
import { inputSchemaOf, outputSchemaOf } from './tool-schemas.ts';

/** Its scripts get the schema of results as the type of a call. Others ignore it, or refuse a result that differs. */
const TAKES_OUTPUT_SCHEMA = 'codex-mcp-client';

/**
 * A tool as `tools/list` shows it. The title stands twice: the protocol's place is the first, and older clients
 * look for it in the annotations. Models are shown neither.
 */
export function listedTool(tool: Tool, clientName = ''): ListedTool {
  const { name, title, description, annotations, isCore, searchHint } = tool;
  return {
    name,
    title,
    description,
    inputSchema: inputSchemaOf(tool),
    ...(clientName === TAKES_OUTPUT_SCHEMA && { outputSchema: outputSchemaOf(tool) }),
    annotations: { title, ...annotations },
    ...((isCore || searchHint) && {
      _meta: {
        ...(isCore && { 'anthropic/alwaysLoad': true }),
        ...(searchHint && { 'anthropic/searchHint': searchHint }),
      },
    }),
  };
}
