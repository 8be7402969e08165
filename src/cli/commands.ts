import { addArchive, addUnarchive } from './commands/archive.ts';
import { addComplete, addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDemo } from './commands/demo.ts';
import { addDiff } from './commands/diff.ts';
import { addDoctor } from './commands/doctor.ts';
import { addFinish } from './commands/finishing/finish.ts';
import { addPrune } from './commands/finishing/prune.ts';
import { addWorktrees } from './commands/finishing/worktrees.ts';
import { addAnswer } from './commands/gates/answer.ts';
import { addApprove } from './commands/gates/approve.ts';
import { addChanges } from './commands/gates/changes.ts';
import { addPlan } from './commands/gates/plan.ts';
import { addInit } from './commands/init.ts';
import { addInstall, addUninstall } from './commands/install.ts';
import { addList } from './commands/list.ts';
import { addWatch } from './commands/live/watch.ts';
import { addLog } from './commands/log.ts';
import { addMessage } from './commands/message.ts';
import { addMute } from './commands/notify/mute.ts';
import { addNotify } from './commands/notify/notify.ts';
import { addReport } from './commands/proof/report.ts';
import { addVerify } from './commands/proof/verify.ts';
import { addWhy } from './commands/proof/why.ts';
import { addResume } from './commands/resume.ts';
import { addRewind } from './commands/rewind.ts';
import { addRun } from './commands/run.ts';
import { addShow } from './commands/show.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addStop } from './commands/stop.ts';
import { addMonitor, addSupervisor } from './commands/supervisor.ts';
import { addTakeover } from './commands/takeover.ts';
import { addTrust } from './commands/trust.ts';
import { addWait } from './commands/wait.ts';
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

/** What no help names: the former name of one, and what completion scripts call. */
export const HIDDEN_COMMANDS: readonly AddCommand[] = [addMonitor, addComplete];
