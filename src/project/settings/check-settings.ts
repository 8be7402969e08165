import { CHECK_PLACES } from '../../phases/proving.ts';
import { commandWith, oneOf, relativePaths, wholeNumber } from './setting-kinds.ts';
import type { SettingSpec } from './setting-spec.ts';

/** Where and how CHECK runs. */
export const CHECK_SETTINGS = {
  checkIn: {
    ...oneOf(CHECK_PLACES),
    key: 'CHECK_IN',
    scope: 'project',
    default: 'clone',
    risk: 'loosens',
    doc: "Where checks run. clone: a fresh clone of the branch. worktree: the agent's folder, uncommitted files included.",
  },
  checkCopy: {
    ...relativePaths,
    key: 'CHECK_COPY',
    scope: 'project',
    example: 'CHECK_COPY=.env.test,fixtures/local',
    doc: 'Ignored files and folders that checks need: copied from MAIN_REPO into the fresh clone.',
  },
  checkTimeoutSeconds: {
    ...wholeNumber('seconds', 1, 86_400),
    key: 'CHECK_TIMEOUT',
    scope: 'project',
    default: '1800',
    doc: 'How long one check, or SETUP before it, may run. In seconds.',
  },
  checkFiles: {
    ...commandWith('{files}'),
    key: 'CHECK_FILES',
    scope: 'project',
    risk: 'runs',
    example: 'CHECK_FILES=npx vitest run {files}',
    doc: 'Runs named test files: those that a session adds run once on the base, and what passes there is reported.',
  },
  setupCache: {
    ...relativePaths,
    key: 'SETUP_CACHE',
    scope: 'project',
    example: 'SETUP_CACHE=node_modules',
    doc: 'Folders that SETUP makes, kept for the next fresh clone while the lock files beside them are the same.',
  },
} as const satisfies Record<string, SettingSpec>;
