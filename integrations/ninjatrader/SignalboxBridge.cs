// Signalbox's add-on for NinjaTrader 8: tells a Signalbox server about your accounts.
//
// It only reports.  It never places, changes or cancels an order, and it opens no port.
//
// Set-up, settings and what exactly is sent: docs/ninjatrader.md of Signalbox.  This file was compiled
// and driven against stand-ins of NinjaTrader's classes; it was not run inside NinjaTrader itself.
//
// How it works.  NinjaTrader's own threads only leave notes here: they never wait, never do I/O and
// never see an exception.  A timer makes numbered messages of the notes.  A task for each account
// sends its messages strictly in order, one under way, until the server has taken each of them.
// Messages that were not taken, and the executions of the trading day, are on disk too.
//
// Written for C# 5 and .NET Framework 4.8 without any other library.

#region Using declarations
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using NinjaTrader.Cbi;
using NinjaTrader.NinjaScript;
#endregion

namespace NinjaTrader.NinjaScript.AddOns
{
    public class SignalboxBridge : AddOnBase
    {
        private const string Version = "1.0.0";
        private const string Route = "/api/v1/ninjatrader/account-update";

        // What is held for sending again: messages, and for how long.
        private const int MostMessages = 500;
        private static readonly TimeSpan LongestHeld = TimeSpan.FromMinutes(10);
        private const int MostExecutions = 200;

        private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
        private static readonly TimeSpan Full = TimeSpan.FromSeconds(60);
        private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
        private const int TickMs = 25;

        // NinjaTrader tells the values of one fill one after the other, and half of them would be an equity
        // that never was: a message waits until they stop coming, and for so long at most.
        private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(40);
        private static readonly TimeSpan UrgentAtMost = TimeSpan.FromMilliseconds(75);
        private static readonly TimeSpan ChangedAtMost = TimeSpan.FromMilliseconds(300);

        // One client for all, as sockets of many clients would run out.
        private static readonly HttpClient Http = new HttpClient { Timeout = TimeSpan.FromSeconds(8) };

        private readonly Dictionary<string, Feed> feeds = new Dictionary<string, Feed>();
        private readonly object ticking = new object();
        private Timer timer;
        private Bridge bridge;
        private DateTime lookedAt = DateTime.MinValue;
        private volatile bool look;
        private volatile bool stopped;

        protected override void OnStateChange()
        {
            try
            {
                if (State == State.SetDefaults)
                {
                    Name = "SignalboxBridge";
                    Description = "Tells a Signalbox server about the accounts. It never trades.";
                }
                else if (State == State.Configure)
                    Begin();
                else if (State == State.Terminated)
                    End();
            }
            catch (Exception error)
            {
                Output.Say("did not start or stop as it should: " + error.Message);
            }
        }

        private void Begin()
        {
            if (bridge != null)
                return;
            ServicePointManager.SecurityProtocol |= SecurityProtocolType.Tls12;
            bridge = new Bridge(NinjaTrader.Core.Globals.UserDataDir);
            Connection.ConnectionStatusUpdate += OnConnection;
            // The add-on is loaded before the broker connects: whoever is not there yet is looked for again.
            look = true;
            timer = new Timer(Tick, null, TickMs, TickMs);
            Output.Say("version " + Version + " is loaded.");
        }

        private void End()
        {
            if (bridge == null)
                return;
            stopped = true;
            Connection.ConnectionStatusUpdate -= OnConnection;
            if (timer != null)
                timer.Dispose();
            lock (ticking)
            {
                foreach (Feed feed in feeds.Values)
                    Unsubscribe(feed);
                lock (feeds)
                    feeds.Clear();
            }
            bridge.Stop();
            bridge = null;
        }

        // ---- NinjaTrader's threads: they leave notes, nothing else -------------------------------------

        private void OnConnection(object sender, ConnectionStatusEventArgs e)
        {
            look = true;
        }

        private void OnItem(object sender, AccountItemEventArgs e)
        {
            Note(sender, feed => feed.NoteItem(e.AccountItem.ToString(), e.Value, e.Currency.ToString()));
        }

        private void OnExecution(object sender, ExecutionEventArgs e)
        {
            Note(sender, feed => feed.NoteExecution(ExecutionFacts.Of(e.Execution, e.Operation.ToString())));
        }

        private void OnPosition(object sender, PositionEventArgs e)
        {
            Note(sender, feed => feed.NoteChange("position"));
        }

        private void OnOrder(object sender, OrderEventArgs e)
        {
            Note(sender, feed => feed.NoteOrder(OrderFacts.Of(e.Order)));
        }

        private void Note(object sender, Action<Feed> noting)
        {
            Feed feed = null;
            try
            {
                Account account = sender as Account;
                if (stopped || account == null)
                    return;
                lock (feeds)
                    feeds.TryGetValue(account.Name, out feed);
                if (feed != null)
                    noting(feed);
            }
            catch (Exception error)
            {
                Output.Once("note", "could not note an event, and looks at everything instead: " + error.Message);
                if (feed != null)
                    feed.NoteSnapshot("again");
            }
        }

        // ---- the timer's thread ------------------------------------------------------------------------

        private void Tick(object state)
        {
            // A tick that comes while one is still at work is left out.
            if (stopped || !Monitor.TryEnter(ticking))
                return;
            try
            {
                Bridge now = bridge;
                if (now == null)
                    return;
                now.ReadSettings();
                if (look || DateTime.UtcNow - lookedAt > Look)
                    Subscribe(now);
                foreach (Feed feed in feeds.Values)
                    Tick(feed);
            }
            catch (Exception error)
            {
                Output.Once("tick", "stumbled and goes on: " + error.Message);
            }
            finally
            {
                Monitor.Exit(ticking);
            }
        }

        private static void Tick(Feed feed)
        {
            try
            {
                feed.Tick(DateTime.UtcNow);
            }
            catch (Exception error)
            {
                Output.Once("tick " + feed.Account.Name, feed.Account.Name + ": stumbled and goes on: " + error.Message);
            }
        }

        private void Subscribe(Bridge now)
        {
            look = false;
            lookedAt = DateTime.UtcNow;
            if (!now.Settings.Complete)
                return;
            List<Account> all;
            lock (Account.All)
                all = Account.All.ToList();
            foreach (Account account in all)
            {
                Feed feed;
                lock (feeds)
                    feeds.TryGetValue(account.Name, out feed);
                if (feed == null && Live(account) && now.Settings.Wants(account.Name))
                    Subscribe(now, account);
                else if (feed != null && !ReferenceEquals(feed.Account, account) && Live(account))
                {
                    // NinjaTrader made the account anew, as it may after a reconnect.
                    Unsubscribe(feed);
                    feed.Account = account;
                    Listen(account);
                    feed.NoteSnapshot("reconnect");
                }
            }
        }

        private void Subscribe(Bridge now, Account account)
        {
            Feed feed = new Feed(now, account);
            lock (feeds)
                feeds[account.Name] = feed;
            Listen(account);
            Output.Say("reports account " + account.Name + ".");
        }

        private void Listen(Account account)
        {
            account.AccountItemUpdate += OnItem;
            account.ExecutionUpdate += OnExecution;
            account.PositionUpdate += OnPosition;
            account.OrderUpdate += OnOrder;
        }

        private void Unsubscribe(Feed feed)
        {
            feed.Account.AccountItemUpdate -= OnItem;
            feed.Account.ExecutionUpdate -= OnExecution;
            feed.Account.PositionUpdate -= OnPosition;
            feed.Account.OrderUpdate -= OnOrder;
        }

        private static bool Live(Account account)
        {
            return account.Connection != null && account.Connection.Status == ConnectionStatus.Connected;
        }

        // ================================================================================================
        // What NinjaTrader says, copied at once, as its objects change under our hands
        // ================================================================================================

        private sealed class ExecutionFacts
        {
            public string Id;
            public string Json;
            public DateTime Time;

            public static ExecutionFacts Of(Execution e, string operation)
            {
                DateTime time = Clocks.Utc(e.Time);
                Writer json = new Writer();
                json.Open();
                json.Text("execution_id", e.ExecutionId);
                json.Text("order_id", e.OrderId);
                json.Text("instrument", e.Instrument == null ? null : e.Instrument.FullName);
                json.Text("side", e.MarketPosition == MarketPosition.Short ? "Sell" : "Buy");
                json.Number("quantity", e.Quantity);
                json.Amount("price", e.Price);
                json.Amount("commission", e.Commission);
                json.Amount("fee", e.Fee);
                json.Text("time", Clocks.Text(time));
                json.Flag("is_entry", e.IsEntry);
                json.Text("operation", operation);
                json.Close();
                return new ExecutionFacts { Id = e.ExecutionId, Json = json.ToString(), Time = time };
            }
        }

        private sealed class OrderFacts
        {
            public string Id;
            public string Json;
            public bool Ended;

            public static OrderFacts Of(Order o)
            {
                Writer json = new Writer();
                json.Open();
                json.Text("order_id", o.OrderId);
                json.Text("instrument", o.Instrument == null ? null : o.Instrument.FullName);
                json.Text("name", o.Name);
                json.Text("action", o.OrderAction.ToString());
                json.Text("type", o.OrderType.ToString());
                json.Number("quantity", o.Quantity);
                json.Number("filled", o.Filled);
                json.Price("limit_price", o.LimitPrice);
                json.Price("stop_price", o.StopPrice);
                json.Price("avg_fill_price", o.AverageFillPrice);
                json.Text("state", o.OrderState.ToString());
                json.Text("oco", string.IsNullOrEmpty(o.Oco) ? null : o.Oco);
                json.Text("tif", o.TimeInForce.ToString());
                json.Text("time", Clocks.Text(Clocks.Utc(o.Time)));
                json.Close();
                bool ended = o.OrderState == OrderState.Filled || o.OrderState == OrderState.Cancelled
                    || o.OrderState == OrderState.Rejected || o.OrderState == OrderState.Unknown;
                return new OrderFacts { Id = o.OrderId, Json = json.ToString(), Ended = ended };
            }
        }

        // ================================================================================================
        // One account: notes in, numbered messages out
        // ================================================================================================

        private sealed class Feed
        {
            // Items of the account and their names in a message.  Newer ones are looked up by name, so
            // that an older NinjaTrader, which has no such item, leaves them unknown.
            private static readonly string[,] Items =
            {
                { "cash_value", "CashValue" }, { "net_liquidation", "NetLiquidation" },
                { "realized_pnl", "RealizedProfitLoss" }, { "gross_realized_pnl", "GrossRealizedProfitLoss" },
                { "unrealized_pnl", "UnrealizedProfitLoss" }, { "commission", "Commission" }, { "fee", "Fee" },
                { "buying_power", "BuyingPower" }, { "initial_margin", "InitialMargin" },
                { "intraday_margin", "IntradayMargin" }, { "sod_cash_value", "SodCashValue" },
                { "sod_liquidating_value", "SodLiquidatingValue" },
                { "trailing_max_drawdown", "TrailingMaxDrawdown" }, { "daily_loss_limit", "DailyLossLimit" },
            };

            // Zero is what a connection that does not know says of these.
            private static readonly HashSet<string> ZeroIsUnknown = new HashSet<string>
            {
                "NetLiquidation", "SodCashValue", "SodLiquidatingValue", "TrailingMaxDrawdown", "DailyLossLimit",
            };

            public Account Account;
            private readonly Bridge bridge;
            private readonly Sender sender;
            private readonly object gate = new object();
            private readonly Dictionary<string, double> items = new Dictionary<string, double>();
            private readonly List<ExecutionFacts> fresh = new List<ExecutionFacts>();
            private readonly Dictionary<string, OrderFacts> ended = new Dictionary<string, OrderFacts>();
            private readonly SortedSet<string> reasons = new SortedSet<string>(StringComparer.Ordinal);
            private string currency;
            private string status = "";
            private bool urgent;
            private bool whole;
            private DateTime changedAt;
            private DateTime urgentAt;
            private DateTime notedAt;
            private DateTime builtAt = DateTime.MinValue;
            private DateTime wholeAt = DateTime.MinValue;

            public Feed(Bridge bridge, Account account)
            {
                this.bridge = bridge;
                Account = account;
                currency = Peek(account, "Denomination") ?? "UsDollar";
                sender = new Sender(bridge, account.Name);
                whole = true;
                sender.Start();
            }

            public void NoteItem(string name, double value, string of)
            {
                lock (gate)
                {
                    double known;
                    // NinjaTrader repeats the open profit each second, even when flat.
                    if (items.TryGetValue(name, out known) && known.Equals(value))
                        return;
                    items[name] = value;
                    currency = of;
                    Changed("item");
                }
            }

            public void NoteExecution(ExecutionFacts execution)
            {
                lock (gate)
                {
                    fresh.Add(execution);
                    Urgent("execution");
                }
            }

            public void NoteOrder(OrderFacts order)
            {
                lock (gate)
                {
                    if (order.Ended)
                        ended[order.Id ?? ""] = order;
                    Changed("order");
                }
            }

            public void NoteChange(string reason)
            {
                lock (gate)
                    Changed(reason);
            }

            public void NoteSnapshot(string reason)
            {
                lock (gate)
                {
                    whole = true;
                    Urgent(reason);
                }
            }

            private void Urgent(string reason)
            {
                if (!urgent)
                    urgentAt = DateTime.UtcNow;
                urgent = true;
                Changed(reason);
            }

            private void Changed(string reason)
            {
                notedAt = DateTime.UtcNow;
                if (reasons.Count == 0)
                    changedAt = notedAt;
                reasons.Add(reason);
            }

            /// Make a message when one is due, and see that somebody sends what waits.
            public void Tick(DateTime now)
            {
                if (sender.Refused)
                    return;
                Watch();
                bool connected = status == ConnectionStatus.Connected.ToString();
                if (sender.TakeSnapshotWish())
                    NoteSnapshot("asked");
                TimeSpan since = now - builtAt;
                bool all, due;
                lock (gate)
                {
                    bool changed = reasons.Count > 0 && since >= bridge.Pace && HasSettled(now - changedAt, now, ChangedAtMost);
                    bool quiet = connected && since >= Quiet && sender.Waiting == 0;
                    bool fully = connected && now - wholeAt >= Full && sender.Waiting == 0;
                    due = (urgent && HasSettled(now - urgentAt, now, UrgentAtMost)) || changed || quiet || fully;
                    all = whole || fully;
                }
                if (due && !bridge.Stopped)
                    Build(now, all);
                sender.Start();
            }

            private bool HasSettled(TimeSpan waited, DateTime now, TimeSpan atMost)
            {
                return now - notedAt >= Settled || waited >= atMost;
            }

            private void Watch()
            {
                Connection connection = Account.Connection;
                string found = connection == null ? "Disconnected" : connection.Status.ToString();
                if (found == status)
                    return;
                bool back = found == ConnectionStatus.Connected.ToString();
                status = found;
                lock (gate)
                {
                    whole = whole || back;
                    Urgent("connection");
                }
            }

            private void Build(DateTime now, bool all)
            {
                List<ExecutionFacts> told;
                List<OrderFacts> orders;
                List<string> why;
                bool first;
                DateTime at;
                lock (gate)
                {
                    told = new List<ExecutionFacts>(fresh);
                    orders = new List<OrderFacts>(ended.Values);
                    why = new List<string>(reasons);
                    first = whole;
                    at = why.Count > 0 ? notedAt : now;
                    fresh.Clear();
                    ended.Clear();
                    reasons.Clear();
                    urgent = false;
                    whole = false;
                }
                builtAt = now;
                try
                {
                    if (first)
                        told = WithMissed(told);
                    bridge.Outbox.Executed(Account.Name, told);
                    List<string> lines = first
                        ? bridge.Outbox.Executions(Account.Name, told)
                        : told.Select(each => each.Json).ToList();
                    string kind = all ? "snapshot" : why.Count > 0 ? "delta" : "heartbeat";
                    string body = Values(all) + Positions() + Orders(orders);
                    Send(now, at, kind, why.Count > 0 ? why : new List<string> { kind }, body, lines);
                    if (all)
                        wholeAt = now;
                }
                catch (Exception)
                {
                    TakeBack(told);
                    throw;
                }
            }

            /// What could not be said now is said again, with everything else.
            private void TakeBack(List<ExecutionFacts> told)
            {
                lock (gate)
                {
                    fresh.InsertRange(0, told);
                    whole = true;
                    Changed("again");
                }
            }

            private void Send(
                DateTime now, DateTime at, string kind, List<string> why, string body, List<string> executions)
            {
                int from = 0;
                do
                {
                    List<string> part = executions.Skip(from).Take(MostExecutions).ToList();
                    string head = Head(kind, at, why);
                    sender.Put(now, kind, part.Count > 0, head + body
                        + ",\"executions\":[" + string.Join(",", part) + "],\"daily_pnl_history\":[]}");
                    from += MostExecutions;
                    kind = "delta";
                }
                while (from < executions.Count);
            }

            /// What was executed while the add-on was not loaded: NinjaTrader keeps the day's executions.
            private List<ExecutionFacts> WithMissed(List<ExecutionFacts> told)
            {
                DateTime day = Clocks.TradingDay(DateTime.UtcNow);
                List<Execution> kept;
                lock (Account.Executions)
                    kept = Account.Executions.ToList();
                List<ExecutionFacts> found = Readable(kept, each => ExecutionFacts.Of(each, "Add"));
                HashSet<string> known = new HashSet<string>(told.Select(each => each.Id ?? ""));
                return found.Where(each => Clocks.TradingDay(each.Time) == day && !known.Contains(each.Id ?? ""))
                    .Concat(told).ToList();
            }

            private string Head(string kind, DateTime at, List<string> why)
            {
                Writer json = new Writer();
                json.Open();
                json.Number("schema", 1);
                json.Text("type", "AccountUpdate");
                json.Text("source", "ninjatrader");
                json.Text("addon_version", Version);
                json.Text("nt_version", typeof(Account).Assembly.GetName().Version.ToString());
                json.Text("installation_id", bridge.Outbox.Installation);
                json.Text("session_id", bridge.Session);
                json.Number("seq", sender.NextSeq());
                json.Text("kind", kind);
                json.Text("sent_at", Clocks.Text(DateTime.UtcNow));
                json.Text("event_time", Clocks.Text(at));
                json.Raw("reason", "[" + string.Join(",", why.Select(Writer.Quoted)) + "]");
                json.Raw("account", About());
                return json.ToString();
            }

            private string About()
            {
                var options = Account.Connection == null ? null : Account.Connection.Options;
                string kind = Peek(Account, "Provider");
                Writer json = new Writer();
                json.Open();
                json.Text("name", Account.Name);
                json.Text("display_name", Account.Name);
                json.Text("connection", options == null ? null : options.Name);
                json.Text("provider", options == null ? null : options.Provider.ToString());
                json.Text("connection_status", status);
                json.Flag("is_simulated", kind == "Simulator" || kind == "Playback"
                    || Account.Name.StartsWith("Sim", StringComparison.Ordinal));
                json.Text("currency", IsoCurrency(currency));
                json.Close();
                return json.ToString();
            }

            private string Values(bool all)
            {
                if (all)
                    ReadItems();
                Dictionary<string, double> now;
                lock (gate)
                    now = new Dictionary<string, double>(items);
                Writer json = new Writer();
                json.Open();
                for (int i = 0; i < Items.GetLength(0); i++)
                {
                    double value;
                    string item = Items[i, 1];
                    bool known = now.TryGetValue(item, out value) && !(value.Equals(0.0) && ZeroIsUnknown.Contains(item));
                    if (known)
                        json.Amount(Items[i, 0], Math.Round(value, 6));
                    else
                        json.Text(Items[i, 0], null);
                }
                json.Close();
                return ",\"values\":" + json;
            }

            /// Ask for what no event has told yet; zero may only mean that the connection does not know.
            private void ReadItems()
            {
                Currency of;
                if (!Enum.TryParse(currency, out of))
                    of = Currency.UsDollar;
                for (int i = 0; i < Items.GetLength(0); i++)
                {
                    AccountItem item;
                    if (!Enum.TryParse(Items[i, 1], out item))
                        continue;
                    double value = Account.Get(item, of);
                    lock (gate)
                        if (!value.Equals(0.0))
                            items[Items[i, 1]] = value;
                }
                bool flat;
                lock (Account.Positions)
                    flat = Account.Positions.All(each => each.MarketPosition == MarketPosition.Flat);
                lock (gate)
                    if (flat && !items.ContainsKey("UnrealizedProfitLoss"))
                        items["UnrealizedProfitLoss"] = 0.0;
            }

            private string Positions()
            {
                // NinjaTrader's locks are held for a copy only, never while something is asked of it.
                List<Position> held;
                lock (Account.Positions)
                    held = Account.Positions.Where(each => each.MarketPosition != MarketPosition.Flat).ToList();
                return ",\"positions\":[" + string.Join(",", held.Select(PositionJson)) + "]";
            }

            private static string PositionJson(Position p)
            {
                MasterInstrument master = p.Instrument == null ? null : p.Instrument.MasterInstrument;
                Writer json = new Writer();
                json.Open();
                json.Text("instrument", p.Instrument == null ? null : p.Instrument.FullName);
                json.Text("root", master == null ? null : master.Name);
                json.Text("market_position", p.MarketPosition.ToString());
                json.Number("quantity", p.Quantity);
                json.Amount("average_price", p.AveragePrice);
                json.Amount("unrealized_pnl", OpenProfit(p));
                if (master != null)
                {
                    json.Amount("point_value", master.PointValue);
                    json.Amount("tick_size", master.TickSize);
                }
                json.Close();
                return json.ToString();
            }

            private static double OpenProfit(Position p)
            {
                try
                {
                    return p.GetUnrealizedProfitLoss(PerformanceUnit.Currency);
                }
                catch (Exception)
                {
                    // Without a price there is none: not a number is written as unknown.
                    return double.NaN;
                }
            }

            private string Orders(List<OrderFacts> over)
            {
                Dictionary<string, OrderFacts> all = over.ToDictionary(each => each.Id ?? "");
                List<Order> known;
                lock (Account.Orders)
                    known = Account.Orders.ToList();
                foreach (OrderFacts facts in Readable(known, OrderFacts.Of))
                    if (!facts.Ended)
                        all[facts.Id ?? ""] = facts;
                return ",\"orders\":[" + string.Join(",", all.Values.Select(each => each.Json)) + "]";
            }

            /// Those that can be read: one broken order or execution must not silence the account.
            private List<F> Readable<T, F>(List<T> all, Func<T, F> read)
            {
                List<F> found = new List<F>();
                foreach (T each in all)
                    try
                    {
                        found.Add(read(each));
                    }
                    catch (Exception error)
                    {
                        Output.Once("unread " + Account.Name, Account.Name + ": something cannot be read and is left out: "
                            + error.Message);
                    }
                return found;
            }

            private static string IsoCurrency(string name)
            {
                switch (name)
                {
                    case "UsDollar": return "USD";
                    case "Euro": return "EUR";
                    case "BritishPound": return "GBP";
                    case "SwissFranc": return "CHF";
                    case "JapaneseYen": return "JPY";
                    case "AustralianDollar": return "AUD";
                    case "CanadianDollar": return "CAD";
                    default: return null;
                }
            }

            /// A property that not every version of NinjaTrader may have, as text; null when it has none.
            private static string Peek(object of, string property)
            {
                System.Reflection.PropertyInfo found = of.GetType().GetProperty(property);
                object value = found == null ? null : found.GetValue(of, null);
                return value == null ? null : value.ToString();
            }
        }

        // ================================================================================================
        // One account's way to the server: in order, one under way, again until it is taken
        // ================================================================================================

        private sealed class Message
        {
            public string Session;
            public int Generation;
            public long Seq;
            public bool CarriesExecutions;
            public bool Snapshot;
            public DateTime MadeAt;
            public string Body;
        }

        private sealed class Answer
        {
            public int Status;
            public double RetryAfter = -1;
            public string Text = "";
            public Dictionary<string, object> Content;

            public string String(string name)
            {
                object value;
                return Content != null && Content.TryGetValue(name, out value) ? value as string : null;
            }

            public long? Number(string name)
            {
                object value;
                if (Content == null || !Content.TryGetValue(name, out value) || !(value is double))
                    return null;
                return (long)(double)value;
            }
        }

        private sealed class Sender
        {
            // So often the same number is sent again for the asking; then a snapshot has to do.
            private const int Patience = 3;

            private readonly Bridge bridge;
            private readonly string account;
            private readonly object gate = new object();
            private readonly LinkedList<Message> ring = new LinkedList<Message>();
            private readonly Dictionary<string, int> asked = new Dictionary<string, int>();
            private readonly Random chance = new Random(Guid.NewGuid().GetHashCode());
            private List<Message> queue;
            private Message underWay;
            private long seq;
            private int attempts;
            private bool running;
            private bool refused;
            private bool snapshotWish;

            public Sender(Bridge bridge, string account)
            {
                this.bridge = bridge;
                this.account = account;
                queue = bridge.Outbox.Waiting(account);
                if (queue.Count > 0)
                    Output.Say(account + ": " + queue.Count + " messages of an earlier session are sent first.");
            }

            public int Waiting
            {
                get { lock (gate) return queue.Count; }
            }

            public bool Refused
            {
                get { lock (gate) return refused; }
            }

            public long NextSeq()
            {
                return ++seq;
            }

            public bool TakeSnapshotWish()
            {
                lock (gate)
                {
                    bool wish = snapshotWish;
                    snapshotWish = false;
                    return wish;
                }
            }

            public void Put(DateTime now, string kind, bool carriesExecutions, string body)
            {
                Message message = new Message
                {
                    Session = bridge.Session, Generation = int.MaxValue, Seq = seq, Body = body, MadeAt = now,
                    CarriesExecutions = carriesExecutions, Snapshot = kind == "snapshot",
                };
                // On disk first: whatever is taken is crossed out there.
                bridge.Outbox.Put(account, message);
                lock (gate)
                {
                    queue.Add(message);
                    Bound(now);
                }
            }

            /// See that one task sends what waits.
            public void Start()
            {
                lock (gate)
                {
                    if (running || refused || queue.Count == 0 || bridge.Stopped || bridge.Held)
                        return;
                    running = true;
                }
                Task.Run(() => Drain());
            }

            private async Task Drain()
            {
                try
                {
                    while (true)
                    {
                        lock (gate)
                        {
                            if (queue.Count == 0 || refused || bridge.Stopped || bridge.Held)
                                return;
                            underWay = queue[0];
                        }
                        Answer answer = await bridge.Post(underWay.Body).ConfigureAwait(false);
                        TimeSpan wait = Heard(underWay, answer);
                        if (wait > TimeSpan.Zero)
                            await Task.Delay(wait, bridge.Stopping).ConfigureAwait(false);
                    }
                }
                catch (OperationCanceledException)
                {
                    // The add-on is being unloaded; the disk has what is not taken.
                }
                catch (Exception error)
                {
                    Output.Once("drain " + account, account + ": sending stumbled and goes on: " + error.Message);
                }
                finally
                {
                    lock (gate)
                    {
                        running = false;
                        underWay = null;
                    }
                }
            }

            /// Note what became of a message; returns how long to wait before the next one.
            private TimeSpan Heard(Message message, Answer answer)
            {
                int status = answer == null ? 0 : answer.Status;
                if (status == 200 && answer.Content != null)
                {
                    attempts = 0;
                    bridge.Reached();
                    Taken(message, answer);
                    return TimeSpan.Zero;
                }
                if (status == 400 || status == 413 || status == 422)
                {
                    attempts = 0;
                    Output.Once("bad " + account, account + ": the server cannot read message " + message.Seq
                        + " and goes on without it: " + Said(answer));
                    Remove(message);
                    return TimeSpan.Zero;
                }
                if (status == 409)
                {
                    Stale(message);
                    return TimeSpan.Zero;
                }
                if (status == 401)
                {
                    bridge.Hold("the server does not take the key (401). Put a valid one in " + Bridge.SettingsName + ".");
                    return TimeSpan.Zero;
                }
                return Later(status, answer);
            }

            /// The server knows a newer session: an old one of ours is over, and so is this one of another PC's account.
            private void Stale(Message message)
            {
                bool ours = message.Session == bridge.Session;
                if (ours)
                    Output.Say(account + ": another NinjaTrader reports this account now, and this one stops. "
                        + "Load the add-on again (F5 in the NinjaScript editor) to take over.");
                lock (gate)
                {
                    refused = ours;
                    queue.RemoveAll(each => ours || each.Session == message.Session);
                }
                bridge.Outbox.Forget(account, ours ? null : message.Session);
            }

            private TimeSpan Later(int status, Answer answer)
            {
                attempts++;
                if (status == 403)
                    Output.Once("403 " + account, account + ": the server does not take this account (403): " + Said(answer));
                else if (status == 429)
                    Output.Once("429", "the server asks for fewer messages (429) and is given time.");
                else if (status >= 200 && status < 500)
                    Output.Once("odd", "what answers at the address is not Signalbox's add-on route (" + status + ").");
                else
                    Output.Once("away", "no answer from the server (" + (status == 0 ? "no connection" : status.ToString())
                        + "); what happens is kept and sent later.");
                bridge.Missed();
                if (answer != null && answer.RetryAfter >= 0)
                    return TimeSpan.FromSeconds(Math.Min(answer.RetryAfter, 300));
                double seconds = status >= 200 && status < 500 && status != 429
                    ? 30 : Math.Min(30, Math.Pow(2, Math.Min(attempts - 1, 10)));
                lock (chance)
                    return TimeSpan.FromSeconds(seconds * (1 + chance.NextDouble() / 4));
            }

            private static string Said(Answer answer)
            {
                string said = answer.String("detail") ?? answer.Text;
                return said.Length > 300 ? said.Substring(0, 300) : said;
            }

            private void Taken(Message message, Answer answer)
            {
                Remove(message);
                bridge.Slow(answer.Number("poll_ms"));
                lock (gate)
                {
                    ring.AddLast(message);
                    while (ring.Count > MostMessages || message.MadeAt - ring.First.Value.MadeAt > LongestHeld)
                        ring.RemoveFirst();
                    if (answer.String("need") == "snapshot" && !message.Snapshot)
                        snapshotWish = true;
                    long? from = answer.Number("resend_from");
                    if (from.HasValue)
                        Resend(message.Session, from.Value);
                }
            }

            private void Remove(Message message)
            {
                lock (gate)
                    queue.Remove(message);
                bridge.Outbox.Done(account, message, Waiting == 0);
            }

            /// Send again from a number; where it is gone, or was asked for too often, a snapshot.
            private void Resend(string session, long from)
            {
                string key = session + " " + from;
                int times;
                asked.TryGetValue(key, out times);
                asked[key] = ++times;
                List<Message> held = ring.Where(each => each.Session == session && each.Seq >= from).ToList();
                bool there = held.Concat(queue).Any(each => each.Session == session && each.Seq == from);
                if (there && times <= Patience)
                {
                    foreach (Message each in held)
                        ring.Remove(each);
                    queue = held.Concat(queue).OrderBy(each => each.Generation).ThenBy(each => each.Seq).ToList();
                    foreach (Message each in held)
                        bridge.Outbox.Put(account, each);
                }
                else if (times <= Patience + 1)
                {
                    asked[key] = Patience + 1;
                    snapshotWish = true;
                }
            }

            /// When too much waits, let go of what a snapshot says as well, and keep executions.
            private void Bound(DateTime now)
            {
                List<Message> plain = queue.Where(each => !each.CarriesExecutions && each != underWay).ToList();
                if (plain.Count > MostMessages || (plain.Count > 1 && now - plain[0].MadeAt > LongestHeld))
                {
                    Output.Once("bound " + account, account + ": too much waits; executions are kept, and a snapshot follows.");
                    foreach (Message each in plain)
                        Drop(each);
                    snapshotWish = true;
                }
                // The day's executions are in a file of their own and go with the snapshot.
                while (queue.Count > 2 * MostMessages)
                    Drop(queue.First(each => each != underWay));
            }

            private void Drop(Message message)
            {
                queue.Remove(message);
                bridge.Outbox.Done(account, message, false);
            }
        }

        // ================================================================================================
        // The server and the settings
        // ================================================================================================

        private sealed class Settings
        {
            public string Server = "";
            public string Key = "";
            public bool Signing;
            public List<string> Accounts = new List<string>();
            public List<string> LeaveOut = new List<string> { "Backtest", "Playback*" };

            public bool Complete
            {
                get { return Server.Length > 0 && Key.Length > 0; }
            }

            public bool Wants(string account)
            {
                bool named = Accounts.Count == 0 || Accounts.Any(pattern => Like(account, pattern));
                return named && !LeaveOut.Any(pattern => Like(account, pattern));
            }

            private static bool Like(string name, string pattern)
            {
                string expression = "^" + Regex.Escape(pattern).Replace("\\*", ".*") + "$";
                return Regex.IsMatch(name, expression, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
            }

            public static Settings Read(string text)
            {
                Dictionary<string, object> said = Parser.Object(text);
                if (said == null)
                    throw new FormatException("it is not a JSON object");
                Settings found = new Settings();
                foreach (KeyValuePair<string, object> each in said)
                    switch (each.Key)
                    {
                        case "server": found.Server = Text(each).TrimEnd('/'); break;
                        case "key": found.Key = Text(each).Trim(); break;
                        case "signing": found.Signing = true.Equals(each.Value); break;
                        case "accounts": found.Accounts = Texts(each); break;
                        case "leave_out": found.LeaveOut = Texts(each); break;
                        default: throw new FormatException("it has no setting " + each.Key);
                    }
                Uri address;
                if (found.Server.Length > 0 && !Uri.TryCreate(found.Server, UriKind.Absolute, out address))
                    throw new FormatException("server is no address like https://trade.example.com");
                return found;
            }

            private static string Text(KeyValuePair<string, object> of)
            {
                string text = of.Value as string;
                if (text == null)
                    throw new FormatException(of.Key + " is no text");
                return text;
            }

            private static List<string> Texts(KeyValuePair<string, object> of)
            {
                List<object> all = of.Value as List<object>;
                if (all == null || all.Any(each => !(each is string)))
                    throw new FormatException(of.Key + " is no list of texts");
                return all.Cast<string>().ToList();
            }
        }

        private sealed class Bridge
        {
            public const string SettingsName = "signalbox.json";
            private const string Template = "{\n  // Where Signalbox is, for example https://trade.example.com\n"
                + "  \"server\": \"\",\n  // The add-on key, made on its page of funded accounts.\n  \"key\": \"\"\n}\n";

            private readonly CancellationTokenSource ending = new CancellationTokenSource();
            private readonly string settingsPath;
            private DateTime settingsOf = DateTime.MinValue;
            private DateTime settingsReadAt = DateTime.MinValue;
            private DateTime heldUntil = DateTime.MinValue;
            private long paceMs = 1000;
            private volatile bool away = true;
            private volatile Settings settings = new Settings();

            public readonly string Session = Guid.NewGuid().ToString();
            public readonly Outbox Outbox;

            public Bridge(string folder)
            {
                settingsPath = Path.Combine(folder, SettingsName);
                Outbox = new Outbox(Path.Combine(folder, "outbox"));
            }

            public Settings Settings { get { return settings; } }
            public bool Stopped { get { return ending.IsCancellationRequested; } }
            public CancellationToken Stopping { get { return ending.Token; } }
            public bool Held { get { return DateTime.UtcNow < heldUntil; } }
            public TimeSpan Pace { get { return TimeSpan.FromMilliseconds(Interlocked.Read(ref paceMs)); } }

            public void Stop()
            {
                ending.Cancel();
            }

            /// The server says how often it wants to hear; never less than what keeps an account from being stale.
            public void Slow(long? milliseconds)
            {
                if (milliseconds.HasValue)
                    Interlocked.Exchange(ref paceMs, Math.Max(1000, Math.Min(10000, milliseconds.Value)));
            }

            public void Hold(string why)
            {
                Output.Once("hold", why);
                heldUntil = DateTime.UtcNow.AddSeconds(60);
            }

            public void Reached()
            {
                if (away)
                    Output.Say("the server answers.");
                away = false;
                Output.Forget("away");
            }

            public void Missed()
            {
                away = true;
            }

            /// Read the settings again when their file has changed, looked at each two seconds.
            public void ReadSettings()
            {
                if (DateTime.UtcNow - settingsReadAt < TimeSpan.FromSeconds(2))
                    return;
                settingsReadAt = DateTime.UtcNow;
                try
                {
                    if (!File.Exists(settingsPath))
                        File.WriteAllText(settingsPath, Template);
                    DateTime of = File.GetLastWriteTimeUtc(settingsPath);
                    if (of == settingsOf)
                        return;
                    settingsOf = of;
                    settings = Settings.Read(File.ReadAllText(settingsPath));
                    heldUntil = DateTime.MinValue;
                    Output.Forget("hold");
                    Tell();
                }
                catch (Exception error)
                {
                    Output.Once("settings", "cannot use " + settingsPath + ": " + error.Message + ".");
                }
            }

            private void Tell()
            {
                if (!settings.Complete)
                    Output.Say("put the server's address and an add-on key in " + settingsPath + ".");
                else if (settings.Server.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
                    && !new Uri(settings.Server).IsLoopback)
                    Output.Say("reports to " + settings.Server + ", unencrypted: anybody on the way can read the key.");
                else
                    Output.Say("reports to " + settings.Server + ".");
            }

            /// Send one message; null when no answer came.
            public async Task<Answer> Post(string body)
            {
                Settings now = settings;
                DateTime at = DateTime.UtcNow;
                string content = Clocks.SentAt(body, at);
                try
                {
                    using (HttpRequestMessage request = new HttpRequestMessage(HttpMethod.Post, now.Server + Route))
                    {
                        ServicePointManager.FindServicePoint(request.RequestUri).ConnectionLimit = 32;
                        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", now.Key);
                        if (now.Signing)
                            request.Headers.Add("X-Signature", Signature(now.Key, content, at));
                        request.Content = new StringContent(content, new UTF8Encoding(false), "application/json");
                        using (HttpResponseMessage response = await Http.SendAsync(request, Stopping).ConfigureAwait(false))
                            return await Read(response).ConfigureAwait(false);
                    }
                }
                catch (OperationCanceledException)
                {
                    if (Stopped)
                        throw;
                    return null;
                }
                catch (HttpRequestException)
                {
                    return null;
                }
                catch (WebException)
                {
                    return null;
                }
                catch (IOException)
                {
                    return null;
                }
            }

            private static async Task<Answer> Read(HttpResponseMessage response)
            {
                Answer answer = new Answer { Status = (int)response.StatusCode };
                RetryConditionHeaderValue after = response.Headers.RetryAfter;
                if (after != null && after.Delta.HasValue)
                    answer.RetryAfter = after.Delta.Value.TotalSeconds;
                answer.Text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
                answer.Content = Parser.Object(answer.Text);
                return answer;
            }

            private static string Signature(string key, string content, DateTime at)
            {
                string stamp = ((long)(at - Clocks.Epoch).TotalSeconds).ToString(CultureInfo.InvariantCulture);
                using (HMACSHA256 hmac = new HMACSHA256(Encoding.UTF8.GetBytes(key)))
                {
                    byte[] hash = hmac.ComputeHash(Encoding.UTF8.GetBytes(stamp + "." + content));
                    return "t=" + stamp + ",v1=" + BitConverter.ToString(hash).Replace("-", "").ToLowerInvariant();
                }
            }
        }

        // ================================================================================================
        // The disk: what was not taken, and the executions of the trading day
        // ================================================================================================

        private sealed class Outbox
        {
            private const long MostBytes = 8 * 1024 * 1024;
            private const long TidyBytes = 64 * 1024;

            private readonly string folder;
            private readonly object gate = new object();
            // Of each account: what waits, by session and number, as the file has it.
            private readonly Dictionary<string, List<Message>> waiting = new Dictionary<string, List<Message>>();
            // Of each account: the executions of the day by their ids, in their order.
            private readonly Dictionary<string, Dictionary<string, string>> executed
                = new Dictionary<string, Dictionary<string, string>>();
            private readonly Dictionary<string, DateTime> days = new Dictionary<string, DateTime>();

            public readonly string Installation;

            public Outbox(string folder)
            {
                this.folder = folder;
                string id = null;
                Safely(() =>
                {
                    Directory.CreateDirectory(folder);
                    string path = Path.Combine(folder, "installation.txt");
                    if (File.Exists(path))
                        id = File.ReadAllText(path).Trim();
                    if (string.IsNullOrEmpty(id))
                        File.WriteAllText(path, id = Guid.NewGuid().ToString());
                });
                Installation = string.IsNullOrEmpty(id) ? Guid.NewGuid().ToString() : id;
            }

            /// What an earlier session could not deliver, oldest first.
            public List<Message> Waiting(string account)
            {
                lock (gate)
                {
                    List<Message> found = new List<Message>();
                    Safely(() => found = ReadQueue(account));
                    waiting[account] = new List<Message>(found);
                    Safely(() => WriteQueue(account));
                    return found;
                }
            }

            public void Put(string account, Message message)
            {
                lock (gate)
                {
                    List<Message> all = waiting[account];
                    if (all.Contains(message))
                        return;
                    all.Add(message);
                    Safely(() =>
                    {
                        string path = QueuePath(account);
                        File.AppendAllText(path, message.Body + "\n");
                        if (new FileInfo(path).Length > MostBytes)
                            WriteQueue(account);
                    });
                }
            }

            public void Done(string account, Message message, bool empty)
            {
                lock (gate)
                {
                    waiting[account].Remove(message);
                    Safely(() =>
                    {
                        string path = QueuePath(account);
                        if (empty && waiting[account].Count == 0 && new FileInfo(path).Length > TidyBytes)
                            WriteQueue(account);
                        else
                            File.AppendAllText(path, "{\"done\":" + message.Seq.ToString(CultureInfo.InvariantCulture)
                                + ",\"session_id\":" + Writer.Quoted(message.Session) + "}\n");
                    });
                }
            }

            /// Keep nothing more of a session that the server will never take, or of none when it is null.
            public void Forget(string account, string session)
            {
                lock (gate)
                {
                    waiting[account].RemoveAll(each => session == null || each.Session == session);
                    Safely(() => WriteQueue(account));
                }
            }

            public void Executed(string account, List<ExecutionFacts> fresh)
            {
                lock (gate)
                {
                    DateTime day = Clocks.TradingDay(DateTime.UtcNow);
                    DateTime known;
                    if (!days.TryGetValue(account, out known) || known != day)
                        Safely(() => BeginDay(account, day));
                    days[account] = day;
                    List<ExecutionFacts> today = fresh.Where(each => Clocks.TradingDay(each.Time) == day).ToList();
                    foreach (ExecutionFacts each in today)
                        Day(account)[each.Id ?? ""] = each.Json;
                    if (today.Count > 0)
                        Safely(() => File.AppendAllLines(ExecutionsPath(account), today.Select(each => each.Json)));
                }
            }

            /// All executions of the day, and those of ``told`` that belong to another day.
            public List<string> Executions(string account, List<ExecutionFacts> told)
            {
                lock (gate)
                {
                    Dictionary<string, string> day = Day(account);
                    IEnumerable<string> others = told.Where(each => !day.ContainsKey(each.Id ?? "")).Select(each => each.Json);
                    return others.Concat(day.Values).ToList();
                }
            }

            private Dictionary<string, string> Day(string account)
            {
                Dictionary<string, string> found;
                if (!executed.TryGetValue(account, out found))
                    executed[account] = found = new Dictionary<string, string>();
                return found;
            }

            /// Read the day's executions again, and let those of other days go.
            private void BeginDay(string account, DateTime day)
            {
                string path = ExecutionsPath(account);
                Dictionary<string, string> kept = new Dictionary<string, string>();
                if (File.Exists(path))
                    foreach (string line in File.ReadAllLines(path))
                    {
                        Dictionary<string, object> said = Parser.Object(line);
                        DateTime at;
                        if (said != null && said.ContainsKey("execution_id") && said.ContainsKey("time")
                            && Clocks.Parse(said["time"] as string, out at) && Clocks.TradingDay(at) == day)
                            kept[said["execution_id"] as string ?? ""] = line;
                    }
                executed[account] = kept;
                Replace(path, kept.Values);
            }

            private List<Message> ReadQueue(string account)
            {
                string path = QueuePath(account);
                List<Message> found = new List<Message>();
                if (!File.Exists(path))
                    return found;
                Dictionary<string, int> generations = new Dictionary<string, int>();
                foreach (string line in File.ReadAllLines(path))
                {
                    // The last line of a machine that lost its power may be cut.
                    Dictionary<string, object> said = Parser.Object(line);
                    string session = said != null && said.ContainsKey("session_id") ? said["session_id"] as string : null;
                    if (session == null)
                        continue;
                    if (said.ContainsKey("done"))
                        found.RemoveAll(each => each.Session == session && said["done"].Equals((double)each.Seq));
                    else if (said.ContainsKey("seq") && said["seq"] is double)
                    {
                        if (!generations.ContainsKey(session))
                            generations[session] = generations.Count;
                        found.Add(Read(line, said, session, generations[session]));
                    }
                }
                return found.OrderBy(each => each.Generation).ThenBy(each => each.Seq).ToList();
            }

            private static Message Read(string line, Dictionary<string, object> said, string session, int generation)
            {
                DateTime at;
                object time, executions, kind;
                said.TryGetValue("event_time", out time);
                said.TryGetValue("executions", out executions);
                said.TryGetValue("kind", out kind);
                if (!Clocks.Parse(time as string, out at))
                    at = DateTime.UtcNow;
                List<object> list = executions as List<object>;
                return new Message
                {
                    Session = session, Generation = generation, Seq = (long)(double)said["seq"], Body = line, MadeAt = at,
                    CarriesExecutions = list != null && list.Count > 0, Snapshot = "snapshot".Equals(kind),
                };
            }

            private void WriteQueue(string account)
            {
                Replace(QueuePath(account), waiting[account].Select(each => each.Body));
            }

            /// A file is replaced as a whole, so that a cut of power leaves the old one or the new one.
            private static void Replace(string path, IEnumerable<string> lines)
            {
                string beside = path + ".new";
                File.WriteAllLines(beside, lines);
                if (File.Exists(path))
                    File.Replace(beside, path, null);
                else
                    File.Move(beside, path);
            }

            private string QueuePath(string account)
            {
                return Path.Combine(folder, FileName(account) + ".queue.jsonl");
            }

            private string ExecutionsPath(string account)
            {
                return Path.Combine(folder, FileName(account) + ".executions.jsonl");
            }

            /// Two accounts never share a file, whatever their names are made of.
            private static string FileName(string account)
            {
                string plain = Regex.Replace(account, "[^A-Za-z0-9._-]", "_");
                using (SHA256 sha = SHA256.Create())
                {
                    byte[] hash = sha.ComputeHash(Encoding.UTF8.GetBytes(account));
                    return plain + "-" + BitConverter.ToString(hash, 0, 4).Replace("-", "").ToLowerInvariant();
                }
            }

            private static void Safely(Action work)
            {
                try
                {
                    work();
                }
                catch (Exception error)
                {
                    Output.Once("disk", "the outbox cannot be used, so that what waits is only in memory: " + error.Message);
                }
            }
        }

        // ================================================================================================
        // Small things: time, JSON, words
        // ================================================================================================

        private static class Clocks
        {
            public static readonly DateTime Epoch = new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);
            private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            private const string SentAtMark = "\"sent_at\":\"";
            private static readonly TimeZoneInfo Chicago = FindChicago();

            public static string Text(DateTime utc)
            {
                return utc.ToString(Format, CultureInfo.InvariantCulture);
            }

            public static bool Parse(string text, out DateTime utc)
            {
                return DateTime.TryParseExact(text, Format, CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out utc);
            }

            /// The same message, sent now: a message that waited says when it left, and when it happened.
            public static string SentAt(string body, DateTime utc)
            {
                int at = body.IndexOf(SentAtMark, StringComparison.Ordinal) + SentAtMark.Length;
                string stamp = Text(utc);
                return body.Substring(0, at) + stamp + body.Substring(at + stamp.Length);
            }

            /// NinjaTrader's times are in the zone of its settings, and do not say so.
            public static DateTime Utc(DateTime time)
            {
                if (time.Kind == DateTimeKind.Utc)
                    return time;
                TimeZoneInfo zone = time.Kind == DateTimeKind.Local
                    ? TimeZoneInfo.Local : NinjaTrader.Core.Globals.GeneralOptions.TimeZoneInfo;
                DateTime plain = DateTime.SpecifyKind(time, DateTimeKind.Unspecified);
                if (zone.IsInvalidTime(plain))
                    plain = plain.AddHours(1);
                return TimeZoneInfo.ConvertTimeToUtc(plain, zone);
            }

            /// The date to which a session belongs that begins at 17:00 in Chicago.
            public static DateTime TradingDay(DateTime utc)
            {
                return TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc), Chicago).AddHours(7).Date;
            }

            private static TimeZoneInfo FindChicago()
            {
                foreach (string id in new[] { "Central Standard Time", "America/Chicago" })
                    try
                    {
                        return TimeZoneInfo.FindSystemTimeZoneById(id);
                    }
                    catch (TimeZoneNotFoundException)
                    {
                        continue;
                    }
                return TimeZoneInfo.CreateCustomTimeZone("Chicago", TimeSpan.FromHours(-6), "Chicago", "Chicago");
            }
        }

        /// Writes JSON; whatever is not known is null.
        private sealed class Writer
        {
            private readonly StringBuilder text = new StringBuilder();

            public void Open()
            {
                text.Append('{');
            }

            public void Close()
            {
                text.Append('}');
            }

            public void Raw(string name, string json)
            {
                if (text[text.Length - 1] != '{')
                    text.Append(',');
                text.Append(Quoted(name)).Append(':').Append(json);
            }

            public void Text(string name, string value)
            {
                Raw(name, value == null ? "null" : Quoted(value));
            }

            public void Number(string name, long value)
            {
                Raw(name, value.ToString(CultureInfo.InvariantCulture));
            }

            public void Flag(string name, bool value)
            {
                Raw(name, value ? "true" : "false");
            }

            /// Money and prices are texts, exact to the 15 digits that a double holds.
            public void Amount(string name, double value)
            {
                bool known = !double.IsNaN(value) && !double.IsInfinity(value) && Math.Abs(value) < 1e15;
                Raw(name, known ? "\"" + ((decimal)value).ToString(CultureInfo.InvariantCulture) + "\"" : "null");
            }

            /// A price that an order has not is written as 0 by NinjaTrader.
            public void Price(string name, double value)
            {
                Amount(name, value.Equals(0.0) ? double.NaN : value);
            }

            public override string ToString()
            {
                return text.ToString();
            }

            public static string Quoted(string value)
            {
                StringBuilder quoted = new StringBuilder("\"");
                foreach (char c in value)
                {
                    if (c == '"' || c == '\\')
                        quoted.Append('\\').Append(c);
                    else if (c < ' ' || char.IsSurrogate(c) || c == '\u2028' || c == '\u2029')
                        quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    else
                        quoted.Append(c);
                }
                return quoted.Append('"').ToString();
            }
        }

        /// Reads JSON: objects as dictionaries, lists, texts, doubles, booleans and null; // begins a comment.
        private sealed class Parser
        {
            private const int Deepest = 32;
            private readonly string text;
            private int at;

            private Parser(string text)
            {
                this.text = text;
            }

            /// The object that the text is; null when it is none.
            public static Dictionary<string, object> Object(string text)
            {
                try
                {
                    Parser parser = new Parser(text ?? "");
                    object value = parser.Value(0);
                    parser.Blank();
                    return parser.at == parser.text.Length ? value as Dictionary<string, object> : null;
                }
                catch (FormatException)
                {
                    return null;
                }
            }

            private object Value(int depth)
            {
                Blank();
                if (depth > Deepest || at >= text.Length)
                    throw new FormatException("The text ends too early or is too deep.");
                switch (text[at])
                {
                    case '{': return Members(depth);
                    case '[': return Elements(depth);
                    case '"': return Quoted();
                    case 't': return Word("true", true);
                    case 'f': return Word("false", false);
                    case 'n': return Word("null", null);
                    default: return Number();
                }
            }

            private Dictionary<string, object> Members(int depth)
            {
                Dictionary<string, object> found = new Dictionary<string, object>();
                at++;
                if (Next('}'))
                    return found;
                do
                {
                    Blank();
                    string name = Quoted();
                    Need(':');
                    found[name] = Value(depth + 1);
                }
                while (Next(','));
                Need('}');
                return found;
            }

            private List<object> Elements(int depth)
            {
                List<object> found = new List<object>();
                at++;
                if (Next(']'))
                    return found;
                do
                    found.Add(Value(depth + 1));
                while (Next(','));
                Need(']');
                return found;
            }

            private string Quoted()
            {
                StringBuilder found = new StringBuilder();
                Need('"');
                while (at < text.Length && text[at] != '"')
                {
                    if (text[at] != '\\')
                        found.Append(text[at++]);
                    else
                        found.Append(Escaped());
                }
                Need('"');
                return found.ToString();
            }

            private char Escaped()
            {
                if (at + 1 >= text.Length)
                    throw new FormatException("The text ends too early.");
                char c = text[at + 1];
                at += 2;
                switch (c)
                {
                    case 'b': return '\b';
                    case 'f': return '\f';
                    case 'n': return '\n';
                    case 'r': return '\r';
                    case 't': return '\t';
                    case 'u':
                        int code;
                        if (at + 4 > text.Length || !int.TryParse(text.Substring(at, 4), NumberStyles.AllowHexSpecifier,
                            CultureInfo.InvariantCulture, out code))
                            throw new FormatException("A character's number is wrong.");
                        at += 4;
                        return (char)code;
                    default: return c;
                }
            }

            private object Word(string word, object value)
            {
                if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0)
                    throw new FormatException("An unknown word.");
                at += word.Length;
                return value;
            }

            private object Number()
            {
                int from = at;
                while (at < text.Length && "+-.eE0123456789".IndexOf(text[at]) >= 0)
                    at++;
                double value;
                if (!double.TryParse(text.Substring(from, at - from), NumberStyles.Float, CultureInfo.InvariantCulture, out value))
                    throw new FormatException("A number is wrong.");
                return value;
            }

            private void Blank()
            {
                while (at < text.Length)
                    if (char.IsWhiteSpace(text[at]) || text[at] == '\uFEFF')
                        at++;
                    else if (text[at] == '/' && at + 1 < text.Length && text[at + 1] == '/')
                        while (at < text.Length && text[at] != '\n')
                            at++;
                    else
                        return;
            }

            private bool Next(char c)
            {
                Blank();
                if (at >= text.Length || text[at] != c)
                    return false;
                at++;
                return true;
            }

            private void Need(char c)
            {
                if (!Next(c))
                    throw new FormatException("Something is missing.");
            }
        }

        /// Words in NinjaTrader's output window; never the key.
        private static class Output
        {
            private static readonly Dictionary<string, DateTime> Told = new Dictionary<string, DateTime>();
            private static readonly TimeSpan Again = TimeSpan.FromMinutes(5);

            public static void Say(string words)
            {
                try
                {
                    NinjaTrader.Code.Output.Process("Signalbox: " + words, PrintTo.OutputTab1);
                }
                catch (Exception)
                {
                    // Without an output window there is nobody to tell.
                }
            }

            /// Say it, and not again for five minutes, however often it happens.
            public static void Once(string what, string words)
            {
                lock (Told)
                {
                    DateTime at;
                    if (Told.TryGetValue(what, out at) && DateTime.UtcNow - at < Again)
                        return;
                    Told[what] = DateTime.UtcNow;
                }
                Say(words);
            }

            public static void Forget(string what)
            {
                lock (Told)
                    Told.Remove(what);
            }
        }
    }
}
