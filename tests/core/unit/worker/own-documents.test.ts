import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { park } from '../../../../src/core/kernel/phases/verdict.ts';
import { parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { writeRecordedAnswers } from '../../../../src/core/worker/documents/own-documents.ts';
import { recordParked } from '../../../../src/core/worker/record/park.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tempLog } from '../../../support/temp-log.ts';

const withAnswers = (one: string, two: string) =>
  `# Q&A: boats\nStatus: waiting\n\n### Q1: Which?\n**Answer:** ${one}\n\n### Q2: Why?\n**Answer:** ${two}\n`;
const QA = withAnswers('_waiting_', '_waiting_');

/** The file after recorded answers were written into `text`. */
async function written(text: string, answers: Record<string, string>, times = 1): Promise<string> {
  await using dir = await tempDir();
  const qa = join(dir.path, '_qa.md');
  await writeFile(qa, text);
  const recorded = parseQa(QA).questions.flatMap((question) => {
    const answer = answers[question.id];
    return answer === undefined ? [] : [{ id: question.id, question: questionHash(question), text: answer }];
  });
  for (let time = 1; time <= times; time += 1)
    await writeRecordedAnswers({ qa }, { ...emptyState(), answers: recorded });
  return await readFile(qa, 'utf8');
}

test('text that a person has typed since stays below the answer, once, and is not part of it', async () => {
  const longer = 'Only the ones that are still afloat;\nnever the fleet';
  const text = await written(withAnswers(longer, 'so'), { Q1: 'Only the ones that', Q2: 'so' }, 3);
  expect(parseQa(text).questions.map(({ answer }) => answer)).toEqual(['Only the ones that', 'so']);
  expect(text).toBe(
    withAnswers(
      'Only the ones that\n\n> Also typed here, but not recorded: Only the ones that are still afloat;<br>never the fleet',
      'so',
    ).replace('waiting', 'answered'),
  );
  expect(parseQa(text).questions.map(questionHash)).toEqual(parseQa(QA).questions.map(questionHash));
});

test('the same answer in another form does not count as other text', async () => {
  expect(await written(withAnswers('so', '_waiting_'), { Q1: 'so' })).not.toContain('not recorded');
});

test('recording one answer does not mark the other, half-typed answers as complete', async () => {
  const typing = withAnswers('_waiting_', 'Because the');
  expect(parseQa(await written(typing, { Q1: 'all' }))).toMatchObject({
    status: 'waiting',
    questions: [{ answer: 'all' }, { answer: 'Because the' }],
  });
  const marked = typing.replace('Status: waiting', 'Status: answered');
  expect(parseQa(await written(marked, { Q1: 'all' })).status).toBe('answered');
  expect(parseQa(await written(QA, { Q1: 'all', Q2: 'so' })).status).toBe('answered');
});

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
