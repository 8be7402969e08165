import { expect, test } from 'vitest';
import { askTool } from './ask-tool.ts';
import { makeServerRig } from './server-rig.ts';

const ODD = 'boat\u001b]0;owned\u0007\u202e';

test.each([
  ['get_status', { session: ODD }],
  ['answer_qa', { session: ODD, answers: { Q1: 'A' } }],
  ['start_session', { task: 'x', name: ODD }],
  ['list_sessions', { project_dir: `/nowhere/${ODD}` }],
])('%s returns control characters of its arguments as escapes', async (name, args) => {
  await using serverRig = await makeServerRig();
  const { json, isError } = await askTool(name, args, serverRig.context);
  expect(isError).toBe(true);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matches the control characters that must be absent
  expect(Object.values(json).join(' ')).not.toMatch(/[\u001b\u0007\u202e]/);
  expect(String(json.message)).toContain('\\u001b]0;owned');
});
