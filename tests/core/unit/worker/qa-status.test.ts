import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { park } from '../../../../src/core/kernel/phases/verdict.ts';
import { parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { writeRecordedAnswers } from '../../../../src/core/worker/documents/own-documents.ts';
import { recordParked } from '../../../../src/core/worker/record/park.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempLog } from '../../../support/temp-log.ts';

const question = (id: string, answer: string) => `### ${id}: Which?\nA) x\nB) y\n\n**Answer:** ${answer}\n`;

/** `_qa.md` after an agent wrote `text` and the session began to wait for answers. */
async function parkedWith(text: string) {
  const log = await tempLog();
  const { paths } = log;
  const { writer } = await log.open();
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(paths.qa, text);
  const worker = { paths, file: sessionFileSample(), writer } as Partial<Worker> as Worker;
  await recordParked(worker, park('requirements', 'qa_answers'));
  return { log, paths, read: () => readFile(paths.qa, 'utf8') };
}

test.each([
  ['no Status line', `# Q&A: boats\n\n${question('Q1', '_waiting_')}`],
  ['waiting', `# Q&A: boats\nStatus: waiting\n\n${question('Q1', '_waiting_')}`],
  ['answered, as an agent wrote it', `# Q&A: boats\nStatus: answered\n\n${question('Q1', 'A')}`],
  ['another word', `# Q&A: boats\nStatus: open\n\n${question('Q1', '_waiting_')}`],
])('questions with %s are marked as waiting once the session waits', async (_, text) => {
  const { log, read } = await parkedWith(text);
  await using _log = log;
  expect((await read()).match(/^Status:.*$/gm)).toEqual(['Status: waiting']);
});

test('the worker marks questions as answered once it has recorded the answers, even if an earlier goal left some open', async () => {
  const old = `# Q&A: boats\n\n${question('Q1', '_waiting_')}\n## Round 2\n\n${question('Q1', '_waiting_')}`;
  const { log, paths, read } = await parkedWith(old);
  await using _log = log;
  const asked = parseQa(old).questions[1] ?? expect.fail();
  const answers = [{ id: asked.id, question: questionHash(asked), text: 'x' }];
  await writeRecordedAnswers(paths, { ...emptyState(), answers: answers, oldRounds: 1 });
  expect((await read()).match(/^Status:.*$/gm)).toEqual(['Status: answered']);
});
