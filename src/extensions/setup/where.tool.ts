import * as z from 'zod';
import { defineTool } from '../../core/kit/mcp/define-tool.ts';
import { resultWith } from '../../core/kit/mcp/fields.ts';

export const whereTool = defineTool({
  name: 'where',
  title: 'Where samocode runs',
  description: 'Say where samocode runs.',
  input: z.strictObject({}),
  output: resultWith({ cwd: z.string() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  handle: async (_input, { actions }) => ({ summary: 'Here.', cwd: actions.cwd }),
});
