/** placeholder until measured */
export function claimOf(_text: string, _done: { acted: boolean; looked: boolean }): string | undefined {
  return undefined;
}
