import type { Decisions, Job } from './job.ts';
import { type BoatChoices, blemishOf, phasesOf } from './paper-boat-work.ts';
import { type AnsweredQuestion, choiceOf, type Question } from './qa-text.ts';

const QUESTIONS: readonly Question[] = [
  {
    text: 'What should the command be called?',
    matters: 'This is the word that people will type, and the one that the README teaches.',
    options: ['undo', 'back', 'oops'],
    suggested: 0,
    why: 'it is the word people try first',
  },
  {
    text: 'How many changes should it be able to take back?',
    matters: 'It decides how much of the past is kept in the boat file.',
    options: ['only the last one', 'the last 10', 'the last 100'],
    suggested: 1,
    why: 'enough for a bad minute, and the file stays small',
  },
  {
    text: 'What should it show afterwards?',
    matters: 'It decides what the command prints; the other commands print the whole list.',
    options: ['the list as it is now', 'one line that says what came back', 'nothing'],
    suggested: 0,
    why: 'it does what the other commands do',
  },
];

const NAMES = ['undo', 'back', 'oops'];
const STEPS = [1, 10, 100];
const TAKEN = new Set(['add', 'done', 'drop', 'list']);

/** The undo that the demo's little project lacks. */
export const paperBoatJob: Job = {
  title: 'Take back the last change',
  findings: [
    '`src/list.js:3` every change of the list is a pure function that returns a new list: the old one can simply be kept',
    '`src/store.js:3` the boat file is the bare list; there is no room for a past yet, and old files must stay readable',
    '`src/cli.js:8` one switch maps words to changes, and every change goes through `keep` (`src/cli.js:24`)',
    '`README.md:18` says itself that there is no way back from `drop`',
  ],
  considerations: [
    'A boat file written by version 0.3.0 is a plain array and must still load',
    'The past must not grow without end',
    'Nothing to take back is a message for people, not a stack trace',
  ],
  questions: QUESTIONS,
  decide: (answers) => decisionsFor(choicesFrom(answers)),
};

function choicesFrom([name, steps, shows]: readonly AnsweredQuestion[]): BoatChoices {
  const named = picked(name, NAMES, (text) => text.toLowerCase().match(/[a-z][a-z-]{0,19}/)?.[0]);
  const counted = picked(steps, STEPS, (text) => Number(/[1-9]\d{0,3}/.exec(text)?.[0]) || undefined);
  const shown = picked(shows, ['list', 'line', 'nothing'] as const, () => undefined);
  return {
    command: named && !TAKEN.has(named) ? named : 'undo',
    steps: counted ?? 10,
    shows: shown ?? 'list',
  };
}

function picked<T>(
  question: AnsweredQuestion | undefined,
  values: readonly T[],
  free: (text: string) => T | undefined,
): T | undefined {
  if (!question?.answer) return undefined;
  const choice = choiceOf(question);
  return 'index' in choice ? values[choice.index] : free(choice.text);
}

function decisionsFor(choices: BoatChoices): Decisions {
  const { command, steps, shows } = choices;
  const many = steps === 1 ? 'the last change' : `the last ${steps} changes`;
  const prints = { list: 'the list as it is now', line: 'one line', nothing: 'nothing' }[shows];
  return {
    consequences: [`the command is \`boat ${command}\``, `${many} can be taken back`, `it prints ${prints}`],
    requirements: [
      `\`boat ${command}\` takes back ${many}, newest first`,
      `afterwards it prints ${prints}`,
      'with nothing to take back it says so and changes nothing',
      'boat files of version 0.3.0 still load',
    ],
    outOfScope: ['taking back a taking-back (redo)', 'a past shared between several boats'],
    context: 'Lists never change in place, so the past is the lists themselves, kept beside the present one.',
    phases: phasesOf(choices),
    blemish: blemishOf(choices),
    summary: {
      overview: `A slip of the finger no longer sinks the boat: \`boat ${command}\` takes back ${many}.`,
      changes: [
        '`src/history.js`: the past as a bounded list of lists',
        '`src/store.js`: the boat file keeps list and past; old files still load',
        `\`src/cli.js\`: the \`${command}\` command, printing ${prints}`,
      ],
    },
  };
}
