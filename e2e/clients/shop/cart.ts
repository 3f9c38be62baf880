export class CartError extends Error {}
export function totalOf(items: { price: number; count: number }[]): number {
  let total = 0;
  for (const item of items) {
    total += priceOf(item) * item.count;
  }
  return total;
}
function priceOf(item: { price: number }): number {
  if (item.price < 0) {
    throw new CartError("a price below zero: " + item.price);
  }
  return item.price;
}
