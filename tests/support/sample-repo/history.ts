import {
  COMMAND_FILE,
  CORE_FILES,
  CORE_TEST,
  type Files,
  registryFile,
  unitDocs,
  unitFiles,
} from './files.ts';
import { FAMILIES } from './units.ts';

export interface Commit {
  author: string;
  /** Seconds since the epoch. */
  at: number;
  subject: string;
  files: Files;
}

const AUTHORS = ['Ada Quill', 'Bram Oakes', 'Chioma Eze', 'Dmitri Vale'];
const FIRST_COMMIT_AT = 1_735_722_000;
const BETWEEN_COMMITS_S = 26 * 3600 + 431;

const PACKAGE = {
  name: 'quay',
  version: '0.4.0',
  type: 'module',
  bin: { quay: 'bin/quay.js' },
  scripts: { test: 'node --test' },
};

const README_START = `# quay

Converts amounts between units of measure.

    quay "3.5 km" mi
`;

/** The sample project's history, oldest first: always the same commits, byte for byte. */
export const HISTORY: readonly Commit[] = [
  step('Begin the project', { 'README.md': README_START, LICENSE: 'MIT\n', '.gitignore': 'node_modules/\n' }),
  step('Describe the package', { 'package.json': `${JSON.stringify(PACKAGE, null, 2)}\n` }),
  step('Convert, parse and print amounts', { ...CORE_FILES, ...CORE_TEST, ...registryFile(0) }),
  ...FAMILIES.flatMap((family, index) => [
    step(`Add the units of ${family}`, { ...unitFiles(family), ...registryFile(index + 1) }),
    step(`Document the units of ${family}`, unitDocs(family)),
  ]),
  step('Add the command', COMMAND_FILE),
  step('Say how to run the tests', { 'README.md': `${README_START}\nRun the tests with \`npm test\`.\n` }),
  step('Keep a changelog', { 'CHANGELOG.md': '# Changes\n\n## 0.4.0\n\n- The command `quay`.\n' }),
  step('Name the contributors', { 'AUTHORS.md': AUTHORS.map((name) => `- ${name}\n`).join('') }),
].map((commit, index) => ({
  ...commit,
  author: AUTHORS[(index * 7) % AUTHORS.length] ?? '',
  at: FIRST_COMMIT_AT + index * BETWEEN_COMMITS_S,
}));

function step(subject: string, files: Files): Pick<Commit, 'subject' | 'files'> {
  return { subject, files };
}
