import type { Check } from './commands.ts';
import type { Decisions, Edit, Job, JobContext, JobPhase } from './job.ts';
import { bullets } from './markdown.ts';
import { type AnsweredQuestion, answerInWords, choiceOf, type Question } from './qa-text.ts';
import type { RepoFacts } from './repo-facts.ts';

/** Work that is honest in a repository we know nothing about: one document of true facts, section by section. */
export function anyRepoJob(facts: RepoFacts, { task, slug }: JobContext): Job {
  const languages = facts.languages.map(([extension, count]) => `${extension} (${count})`).join(', ');
  return {
    title: `Rehearse "${slug}"`,
    findings: [
      `${facts.files.length} tracked files; most frequent: ${languages || 'no extensions'}`,
      `${facts.commits === 1 ? '1 commit' : `${facts.commits} commits`} on \`${facts.branch}\``,
      testFinding(facts),
    ],
    considerations: [
      'No model reads this code: the rehearsal changes nothing that is there and adds one document',
      'Commits, tests and gates are the real ones, so that the way can be tried before a real child goes it',
    ],
    questions: questionsFor(facts),
    decide: (answers) => decisionsFor({ facts, task, slug, answers }),
  };
}

function questionsFor(facts: RepoFacts): Question[] {
  const folders = [
    ...new Set(facts.files.filter((file) => file.includes('/')).map((file) => file.split('/')[0])),
  ];
  const options = folders.filter((folder) => folder !== undefined && !folder.startsWith('.')).slice(0, 3);
  return [
    {
      text: 'Which part of the repository matters most for this task?',
      matters: 'The document lists the files of this part.',
      options: [...options.map((folder) => `${folder}/`), 'all of it', 'only the top level'].slice(0, 5),
      suggested: options.length,
      why: 'nothing is left out by mistake',
    },
    {
      text: 'Who will read the document?',
      matters: 'It decides how the document begins.',
      options: ['somebody new to the project', 'its maintainers'],
      suggested: 1,
      why: 'they decide whether to hand the task to a real child',
    },
    {
      text: 'What would prove the work done?',
      matters: 'It becomes the last section of the document.',
      options: ["the repository's own tests pass", 'a person has read the document'],
      suggested: facts.tests.kind === 'found' ? 0 : 1,
      why:
        facts.tests.kind === 'found'
          ? 'there are tests, and they can be run here'
          : 'no tests can be run here',
    },
  ];
}

interface Deciding extends JobContext {
  facts: RepoFacts;
  answers: readonly AnsweredQuestion[];
}

function decisionsFor({ facts, task, slug, answers }: Deciding): Decisions {
  const path = `docs/rehearsal/${slug}.md`;
  const [part, reader, proof] = questionsFor(facts).map((question, index) => {
    const answered = answers[index];
    const free = answered ? choiceOf(answered) : undefined;
    if (answered?.answer && free) return answerInWords(answered);
    return question.options[question.suggested] ?? '';
  });
  const listed = facts.files.filter((file) => isPartOf(file, part ?? '')).slice(0, 40);
  const opening = `# Rehearsal: ${slug}\n\nFor ${reader}. Written by the rehearsal child; no model was asked.\n\n> ${task.split('\n').join('\n> ')}\n`;
  const here = `\n## What is here\n\nThe part that matters: ${part}.\n\n${bullets(listed.map((file) => `\`${file}\``))}\n`;
  const tested = `\n## How it is tested\n\n${testFinding(facts)}.\n`;
  const done = `\n## When it is done\n\n${proof}.\n`;
  return {
    consequences: [`it lists the files of: ${part}`, `it is written for ${reader}`, `done means: ${proof}`],
    requirements: [
      `\`${path}\` says what is here, how it is tested and when it is done`,
      'no existing file is changed',
    ],
    outOfScope: ['the task itself: this is a rehearsal'],
    context: `One new document, ${path}, a section per phase. Nothing else is touched.`,
    phases: [
      section(path, 'What is here', () => opening + here),
      section(path, 'How it is tested', (old) => old + tested),
      section(path, 'When it is done', (old) => old + done),
    ],
    blemish: {
      path,
      isPresent: (text) => !text.includes('Facts as of commit'),
      problem: 'the document does not say how old its facts are',
      remedy: 'name the commit that was looked at',
      edits: [
        {
          path,
          make: (old = '') =>
            `${old}\nFacts as of commit \`${facts.lastCommits[0]?.split(' ')[0] ?? 'none'}\`.\n`,
        },
      ],
    },
    summary: {
      overview: `A rehearsal of the whole way on this repository; it leaves \`${path}\`.`,
      changes: [`\`${path}\`: what is here, how it is tested, when it is done`],
    },
  };
}

function section(path: string, title: string, make: (old: string) => string): JobPhase {
  const check: Check = { file: 'grep', args: ['-c', `^## ${title}`, path] };
  const edit: Edit = {
    path,
    make: (old = '') => (old.includes(`\n## ${title}\n`) ? old : make(old)),
  };
  return {
    name: title,
    check,
    steps: ['Check first: the section is not there yet', `Write the section "${title}" from what was found`],
    checks: [],
    code: [edit],
  };
}

function isPartOf(file: string, part: string): boolean {
  if (file.startsWith('docs/rehearsal/')) return false;
  if (part === 'only the top level') return !file.includes('/');
  return part.endsWith('/') ? file.startsWith(part) : true;
}

function testFinding({ tests }: RepoFacts): string {
  switch (tests.kind) {
    case 'found':
      return `Its own tests run with \`${[tests.check.file, ...tests.check.args].join(' ')}\` (from ${tests.source})`;
    case 'unusable':
      return `\`${tests.command}\` (from ${tests.source}) cannot be run here: ${tests.why}`;
    case 'none':
      return 'No test command was found in package.json, Makefile, pytest, cargo or go files';
    default:
      return tests satisfies never;
  }
}
