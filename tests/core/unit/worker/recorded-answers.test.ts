import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { writeRecordedAnswers } from '../../../../src/core/worker/documents/own-documents.ts';
import { tempDir } from '../../../support/temp-dir.ts';

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
