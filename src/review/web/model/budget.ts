/** How many of these, the first ones, a budget holds together. The first is had at any cost. */
export function countWithin(budget: number, costs: readonly number[]): number {
  let spent = 0;
  const over = costs.findIndex((cost, index) => (spent += cost) > budget && index > 0);
  return over < 0 ? costs.length : over;
}
