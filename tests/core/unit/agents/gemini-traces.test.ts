import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readGeminiTraces } from '../../../../src/core/agents/gemini/gemini.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const SESSION = '8069921d-b0ac-4f45-8368-a995554bad09';

const answer = (id: string, thoughts = 0, more = {}) =>
  `${JSON.stringify({ id, timestamp: '2026-11-20T12:31:43.891Z', type: 'gemini', content: 'Reading', tokens: { input: 1500, output: 60, cached: 300, thoughts, tool: 0, total: 1560 + thoughts }, model: 'gemini-2.5-pro', ...more })}\n`;

async function scene() {
  const dir = await tempDir();
  await mkdir(join(dir.path, '.gemini/tmp/other'), { recursive: true });
  const folder = join(dir.path, '.gemini/tmp/boats/chats');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'session-2026-11-20T12-30-00000000.jsonl'), answer('x'));
  const question = { cliSession: SESSION, folder: join(dir.path, '.gemini') };
  return { dir, path: join(folder, 'session-2026-11-20T12-31-8069921d.jsonl'), question };
}

test('every answer counts, and one repeated with the results of its tools counts once', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  expect(await readGeminiTraces(question)).toEqual({});
  const head = `{"sessionId":"${SESSION}","kind":"main"}\n{"$set":{"messages":[{"type":"gemini"}]}}\n`;
  await writeFile(path, head);
  expect(await readGeminiTraces(question)).toEqual({});
  await appendFile(path, answer('a') + answer('a', 0, { toolCalls: [{ name: 'read_file' }] }));
  expect(await readGeminiTraces(question)).toEqual({
    model: 'gemini-2.5-pro',
    tokens: { input: 1200, cached: 300, output: 60 },
  });
  await appendFile(path, `not JSON "gemini"\n${answer('b', 40)}`);
  expect((await readGeminiTraces(question)).tokens).toEqual({ input: 2400, cached: 600, output: 160 });
});

test('a log of many megabytes is read completely, except for overlong lines', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  const filler = `{"type":"user","content":"${'y'.repeat(200_000)}"}\n`.repeat(12);
  const overlong = `{"type":"user","content":"${'z'.repeat(3_000_000)}"}\n`;
  await writeFile(path, `${answer('a')}${filler}${answer('b')}${overlong}${answer('c')}`);
  expect((await readGeminiTraces(question)).tokens).toEqual({ input: 3600, cached: 900, output: 180 });
});

test('the usage of an ended process is read afterwards, and is empty without a log', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  await writeFile(path, `${answer('a')}${answer('b')}{"id":"c","type":"gem`);
  expect(await readGeminiTraces(question)).toMatchObject({
    tokens: { input: 2400, cached: 600, output: 120 },
  });
  expect(await readGeminiTraces({ cliSession: SESSION, folder: '/nowhere' })).toEqual({});
});
