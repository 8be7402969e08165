import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ToolContext } from '../../../../src/core/kit/mcp/tool.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeBench } from '../../../support/bench.ts';
import { claudeLines, claudePath, writeChat } from '../../../support/chat-transcripts.ts';
import { CALL } from '../../../support/chat-with-changes.ts';

test('files of a chat with a secret in name or text are not offered, and a warning names them', async () => {
  await using bench = await makeBench({ here: true, files: { 'a.txt': 'a\n' } });
  const { homeDir, path, write } = bench.repo;
  const changed = {
    'a.txt': 'of the chat\n',
    '.npmrc': '//registry.example/:_authToken=abcdefgh\n',
    'client.ts': 'const key = "ghp_abcdefghijklmnop1234";\n',
    'db.ts': 'open("swordfish-of-the-file");\n',
  };
  await write({ ...changed, '.env': 'PASSWORD=swordfish-of-the-file\n' });
  const changes = Object.keys(changed).map((name) => join(path, name));
  const lines = claudeLines(path, [{ person: 'Name the boats', agent: 'So.', changes, call: CALL }]);
  await writeChat(claudePath(homeDir, path, 'this'), lines);
  const forms: string[] = [];
  const ask: ToolContext['ask'] = async ({ message }) => {
    forms.push(message);
    return { kind: 'filled', filled: { files: 'copy' } };
  };
  const actions = { ...bench.context, chatCall: { client: 'claude', id: CALL } } as const;
  const { json } = await askTool('start_session', { from_chat: true }, actions, { ask });
  expect(forms).toEqual([expect.stringMatching(/1 file without a commit: a\.txt\.\n.* a copy of it, /)]);
  expect(json.warnings).toEqual([
    expect.stringMatching(
      /^The session begins without \.npmrc, client\.ts, db\.ts, which .* suggest secrets/,
    ),
  ]);
});
