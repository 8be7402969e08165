import { TOOLS } from '../../../../src/app/server/tools.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { callTool } from '../../../../src/core/faces/mcp/define-tool.ts';
import type { ToolContext } from '../../../../src/core/faces/mcp/tool.ts';

export interface ToolAnswer {
  isError: boolean;
  /** The JSON of the result's text. */
  json: Record<string, unknown>;
}

/** Calls a tool as the server does, without a transport. */
export async function askTool(
  name: string,
  args: Record<string, unknown>,
  actions: ActionContext,
  more: Partial<ToolContext> = {},
): Promise<ToolAnswer> {
  const tool = TOOLS.find((each) => each.name === name);
  if (!tool) throw new Error(`There is no tool ${name}.`);
  const context: ToolContext = {
    actions,
    clientName: 'test-client',
    signal: new AbortController().signal,
    progress: () => {},
    ...more,
  };
  const { isError = false, content } = await callTool(tool, args, context);
  const [first] = content;
  return { isError: isError === true, json: JSON.parse(first?.type === 'text' ? first.text : 'null') };
}
