import type { Tool as ListedTool } from '@modelcontextprotocol/sdk/types.js';
import { inputSchemaOf } from './define-tool.ts';
import type { Tool } from './tool.ts';

/**
 * A tool as `tools/list` shows it. No output schema: every client takes a result without one, some refuse one
 * that differs. The title stands in the annotations alone: there clients look for it that ask people.
 */
export function listedTool(tool: Tool): ListedTool {
  const { name, title, description, annotations, isCore, searchHint } = tool;
  return {
    name,
    description,
    inputSchema: inputSchemaOf(tool),
    annotations: { title, ...annotations },
    _meta: {
      ...(isCore && { 'anthropic/alwaysLoad': true }),
      ...(searchHint && { 'anthropic/searchHint': searchHint }),
    },
  };
}
