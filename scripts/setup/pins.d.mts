export interface Pin {
  requirement: string;
  tool: string;
}
export function parsePins(text: string): Pin[];
export function planTools(tools: string[], found: string[], pins: Pin[]): { install: Pin[]; nowhere: string[] };
