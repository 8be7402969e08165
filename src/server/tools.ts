import { finishSessionTool } from '../acts/finish/finish-session.tool.ts';
import { answerQaTool } from '../acts/gates/answer-qa.tool.ts';
import { approvePlanTool } from '../acts/gates/approve-plan.tool.ts';
import { readPlanTool } from '../acts/gates/read-plan.tool.ts';
import { readQaTool } from '../acts/gates/read-qa.tool.ts';
import { requestChangesTool } from '../acts/gates/request-changes.tool.ts';
import { getStatusTool } from '../acts/reading/get-status.tool.ts';
import { listSessionsTool } from '../acts/reading/list-sessions.tool.ts';
import { readSessionTool } from '../acts/reading/read-session.tool.ts';
import { waitTool } from '../acts/reading/wait.tool.ts';
import { rewindSessionTool } from '../acts/rewind/rewind-session.tool.ts';
import { resumeSessionTool } from '../acts/sessions/resume-session.tool.ts';
import { sendMessageTool } from '../acts/sessions/send-message.tool.ts';
import { startSessionTool } from '../acts/sessions/start-session.tool.ts';
import { stopSessionTool } from '../acts/sessions/stop-session.tool.ts';
import type { Tool } from '../kit/mcp/tool.ts';
import { setupProjectTool } from '../machine/set-up/setup-project.tool.ts';

/** In the order in which a session uses them; the documentation has the same order. */
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
