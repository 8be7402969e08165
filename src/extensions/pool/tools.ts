import type { Tool } from '../../core/faces/mcp/tool.ts';
import { poolStatusTool } from './acts/pool-status.tool.ts';

export const POOL_TOOLS: readonly Tool[] = [poolStatusTool];
