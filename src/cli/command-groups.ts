import { addAnswer, addApprove, addChanges, addMessage, addPlan } from './commands/answer-approve.ts';
import { addComplete, addCompletion } from './commands/completion.ts';
import { addDemo } from './commands/demo.ts';
import { addPrune, addWorktrees } from './commands/disk-space.ts';
import { addArchive, addFinish, addUnarchive } from './commands/finish-archive.ts';
import { addInstall, addUninstall } from './commands/install-clients.ts';
import { addLog } from './commands/log.ts';
import { addList, addStatus, addWait, addWatch } from './commands/look.ts';
import { addMute, addNotify } from './commands/notify.ts';
import { addReport, addVerify, addWhy } from './commands/review.ts';
import { addRewind } from './commands/rewinding.ts';
import { addConfig, addDoctor, addInit, addTrust } from './commands/set-up.ts';
import { addDiff, addShow } from './commands/show-diff.ts';
import { addRun, addStart } from './commands/start-run.ts';
import { addResume, addStop, addTakeover } from './commands/stop-resume.ts';
import { addSupervisor } from './commands/supervise.ts';
import type { AddCommand } from './terminal/shared-options.ts';

/** Every command as the help groups them, those that are typed most first. */
export const COMMAND_GROUPS: Readonly<Record<string, readonly AddCommand[]>> = {
  'Start and finish': [
    addRun,
    addStart,
    addStop,
    addResume,
    addFinish,
    addArchive,
    addUnarchive,
    addPrune,
    addDemo,
  ],
  Look: [
    addWatch,
    addList,
    addStatus,
    addLog,
    addShow,
    addDiff,
    addReport,
    addWhy,
    addVerify,
    addWait,
    addWorktrees,
  ],
  Decide: [addAnswer, addPlan, addApprove, addChanges, addMessage, addRewind],
  'Set up': [
    addInit,
    addTrust,
    addInstall,
    addUninstall,
    addConfig,
    addDoctor,
    addSupervisor,
    addTakeover,
    addNotify,
    addMute,
    addCompletion,
  ],
};

/** Every command that the help names. */
export const COMMANDS: readonly AddCommand[] = Object.values(COMMAND_GROUPS).flat();

/** What no help names: what completion scripts call. */
export const HIDDEN_COMMANDS: readonly AddCommand[] = [addComplete];
