import { addAnswer } from './commands/answer.ts';
import { addApprove } from './commands/approve.ts';
import { addArchive, addUnarchive } from './commands/archive.ts';
import { addChanges } from './commands/changes.ts';
import { addComplete, addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDemo } from './commands/demo.ts';
import { addDiff } from './commands/diff.ts';
import { addDoctor } from './commands/doctor.ts';
import { addFinish } from './commands/finishing/finish.ts';
import { addWorktrees } from './commands/finishing/worktrees.ts';
import { addInit } from './commands/init.ts';
import { addInstall, addUninstall } from './commands/install.ts';
import { addList } from './commands/list.ts';
import { addWatch } from './commands/live/watch.ts';
import { addLog } from './commands/log.ts';
import { addMessage } from './commands/message.ts';
import { addMute } from './commands/notify/mute.ts';
import { addNotify } from './commands/notify/notify.ts';
import { addPlan } from './commands/plan.ts';
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
import type { AddCommand } from './terminal/shared-options.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [
  addDemo,
  addInit,
  addTrust,
  addRun,
  addStart,
  addWatch,
  addList,
  addStatus,
  addAnswer,
  addPlan,
  addApprove,
  addChanges,
  addMessage,
  addStop,
  addResume,
  addRewind,
  addLog,
  addShow,
  addDiff,
  addWhy,
  addVerify,
  addFinish,
  addArchive,
  addUnarchive,
  addWorktrees,
  addSupervisor,
  addTakeover,
  addNotify,
  addMute,
  addConfig,
  addDoctor,
  addInstall,
  addUninstall,
  addCompletion,
];

/** What no help names: the former name of one, and what completion scripts call. */
export const HIDDEN_COMMANDS: readonly AddCommand[] = [addMonitor, addComplete];
