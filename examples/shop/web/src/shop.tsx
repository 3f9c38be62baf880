import { ReportBugButton } from '@holdfast/react';
import { useEffect, useState, type MouseEvent } from 'react';
import { Catalogue } from './catalogue';
import { Checkout } from './checkout';
import { Lab } from './lab';

/** Just enough of a router: the SDK sees the navigation by itself. */
function usePath(): [string, (event: MouseEvent<HTMLAnchorElement>) => void] {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const onBack = () => setPath(location.pathname);
    addEventListener('popstate', onBack);
    return () => removeEventListener('popstate', onBack);
  }, []);
  return [
    path,
    (event) => {
      event.preventDefault();
      history.pushState(null, '', event.currentTarget.href);
      setPath(location.pathname);
    },
  ];
}

export function Shop() {
  const [path, go] = usePath();
  return (
    <>
      <nav aria-label="Shop">
        <a href="/" onClick={go}>Goods</a>
        <a href="/checkout" onClick={go}>Checkout</a>
        <a href="/orders/8812" onClick={go}>Order 8812</a>
        <a href="/lab" onClick={go}>Lab</a>
      </nav>
      <main>
        {path === '/' && <Catalogue />}
        {path === '/checkout' && <Checkout />}
        {path.startsWith('/orders/') && <h1>Order {path.slice(8)}</h1>}
        {path === '/lab' && <Lab />}
      </main>
      <ReportBugButton hideForAdmin />
    </>
  );
}
