import type { Tool } from '../calls/tool.ts';
import { answerQaTool } from './answer-qa.ts';
import { approvePlanTool } from './approve-plan.ts';
import { finishSessionTool } from './finish-session.ts';
import { getStatusTool } from './get-status.ts';
import { listSessionsTool } from './list-sessions.ts';
import { readPlanTool } from './read-plan.ts';
import { readQaTool } from './read-qa.ts';
import { readSessionTool } from './read-session.ts';
import { requestChangesTool } from './request-changes.ts';
import { resumeSessionTool } from './resume-session.ts';
import { rewindSessionTool } from './rewind-session.ts';
import { sendMessageTool } from './send-message.ts';
import { setupProjectTool } from './setup-project.ts';
import { startSessionTool } from './start-session.ts';
import { stopSessionTool } from './stop-session.ts';
import { waitTool } from './wait.ts';

/** Every tool, in the order in which a session meets them; the documents have the same order. */
export const TOOLS: readonly Tool[] = [
  setupProjectTool,
  startSessionTool,
  listSessionsTool,
  getStatusTool,
  waitTool,
  readQaTool,
  answerQaTool,
  readPlanTool,
  approvePlanTool,
  requestChangesTool,
  sendMessageTool,
  stopSessionTool,
  resumeSessionTool,
  readSessionTool,
  rewindSessionTool,
  finishSessionTool,
];
