import type { BASE_ERRORS } from '../../base/base-errors.ts';
import type { POOL_ERRORS } from '../../pool/pool-errors.ts';
import type { GIT_ERRORS } from '../../project/git/git-errors.ts';
import type { PROJECT_ERRORS } from '../../project/git/project-errors.ts';
import type { WORKTREE_ERRORS } from '../../project/git/worktree-errors.ts';
import type { SETTING_ERRORS } from '../../project/settings/setting-errors.ts';
import type { PROVIDER_ERRORS } from '../../providers/contract/provider-errors.ts';
import type { COMMAND_ERRORS } from '../../session/commands/command-errors.ts';
import type { GATE_ERRORS } from '../../session/commands/gate-errors.ts';
import type { SESSION_ERRORS } from '../../session/layout/session-errors.ts';
import type { ACTION_ERRORS } from './action-errors.ts';
import type { READING_ERRORS } from './reading-errors.ts';
import type { START_ERRORS } from './start-errors.ts';

type Tables =
  | typeof ACTION_ERRORS
  | typeof BASE_ERRORS
  | typeof COMMAND_ERRORS
  | typeof GATE_ERRORS
  | typeof GIT_ERRORS
  | typeof POOL_ERRORS
  | typeof PROJECT_ERRORS
  | typeof PROVIDER_ERRORS
  | typeof READING_ERRORS
  | typeof SESSION_ERRORS
  | typeof SETTING_ERRORS
  | typeof START_ERRORS
  | typeof WORKTREE_ERRORS;

type CodesOf<Table> = Table extends unknown ? keyof Table & string : never;

/** Every code that a use case can fail with; server, CLI and install add their own. */
export type Code = CodesOf<Tables>;
