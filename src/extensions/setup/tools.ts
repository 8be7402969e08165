import type { Tool } from '../../core/faces/mcp/tool.ts';
import { setupProjectTool } from './setup-project.tool.ts';

export const SETUP_TOOLS: readonly Tool[] = [setupProjectTool];
