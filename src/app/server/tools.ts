import { finishSessionTool } from '../../core/acts/finish/finish-session.tool.ts';
import { answerQaTool } from '../../core/acts/gates/answer-qa.tool.ts';
import { approvePlanTool } from '../../core/acts/gates/approve-plan.tool.ts';
import { readPlanTool } from '../../core/acts/gates/read-plan.tool.ts';
import { readQaTool } from '../../core/acts/gates/read-qa.tool.ts';
import { requestChangesTool } from '../../core/acts/gates/request-changes.tool.ts';
import { getStatusTool } from '../../core/acts/reading/get-status.tool.ts';
import { listSessionsTool } from '../../core/acts/reading/list-sessions.tool.ts';
import { readSessionTool } from '../../core/acts/reading/read-session.tool.ts';
import { waitTool } from '../../core/acts/reading/wait.tool.ts';
import { rewindSessionTool } from '../../core/acts/rewind/rewind-session.tool.ts';
import { resumeSessionTool } from '../../core/acts/sessions/resume-session.tool.ts';
import { sendMessageTool } from '../../core/acts/sessions/send-message.tool.ts';
import { startSessionTool } from '../../core/acts/sessions/start-session.tool.ts';
import { stopSessionTool } from '../../core/acts/sessions/stop-session.tool.ts';
import type { Tool } from '../../core/faces/mcp/tool.ts';
import { EXTENSION_TOOLS } from '../extensions/tools.ts';

/** In the order in which a session uses them; the documentation has the same order. */
export const TOOLS: readonly Tool[] = [
  ...EXTENSION_TOOLS,
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
