// Stand-ins of the parts of NinjaTrader's API that the add-on uses, with nothing behind them but what
// a test sets.  They follow NinjaTrader's help pages; they are not NinjaTrader.

using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;

namespace NinjaTrader.Core
{
    public static class Globals
    {
        public static string UserDataDir = Environment.GetEnvironmentVariable("NT_USER_DATA");
        public static readonly GeneralOptions GeneralOptions = new GeneralOptions();
    }

    public class GeneralOptions
    {
        public TimeZoneInfo TimeZoneInfo = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
    }
}

namespace NinjaTrader.Code
{
    public static class Output
    {
        public static void Process(string text, NinjaTrader.NinjaScript.PrintTo tab)
        {
            lock (typeof(Output))
                Console.WriteLine("SAID " + text);
        }
    }
}

namespace NinjaTrader.NinjaScript
{
    public enum State { SetDefaults, Configure, Active, Terminated }
    public enum PrintTo { OutputTab1, OutputTab2 }

    public abstract class AddOnBase
    {
        public string Name { get; set; }
        public string Description { get; set; }
        public State State { get; private set; }

        protected virtual void OnStateChange() { }

        public void Become(State state)
        {
            State = state;
            OnStateChange();
        }
    }
}

namespace NinjaTrader.Cbi
{
    public enum AccountItem
    {
        BuyingPower, CashValue, Commission, Fee, GrossRealizedProfitLoss, InitialMargin, IntradayMargin,
        NetLiquidation, RealizedProfitLoss, SodCashValue, SodLiquidatingValue, UnrealizedProfitLoss,
    }

    public enum Currency { UsDollar, Euro, BritishPound }
    public enum ConnectionStatus { Connected, Connecting, ConnectionLost, Disconnected, Disconnecting }
    public enum MarketPosition { Long, Short, Flat }
    public enum Operation { Add, Update, Remove }
    public enum OrderAction { Buy, BuyToCover, Sell, SellShort }
    public enum OrderType { Limit, Market, MIT, StopLimit, StopMarket }
    public enum OrderState
    {
        Initialized, Submitted, Accepted, TriggerPending, Working, ChangePending, ChangeSubmitted,
        CancelPending, CancelSubmitted, Cancelled, PartFilled, Filled, Rejected, Unknown,
    }
    public enum PerformanceUnit { Currency, Percent, Points }
    public enum Provider { Rithmic, Simulator, Playback }
    public enum TimeInForce { Day, Gtc }

    public class AccountItemEventArgs : EventArgs
    {
        public Account Account;
        public AccountItem AccountItem;
        public Currency Currency;
        public double Value;
        public DateTime Time;
    }

    public class ConnectionStatusEventArgs : EventArgs
    {
        public Connection Connection;
        public ConnectionStatus Status;
    }

    public class ExecutionEventArgs : EventArgs
    {
        public Execution Execution;
        public Operation Operation;
    }

    public class OrderEventArgs : EventArgs
    {
        public Order Order;
    }

    public class PositionEventArgs : EventArgs
    {
        public Position Position;
        public Operation Operation;
    }

    public class ConnectOptions
    {
        public string Name;
        public Provider Provider;
    }

    public class Connection
    {
        public static event EventHandler<ConnectionStatusEventArgs> ConnectionStatusUpdate;
        public ConnectOptions Options = new ConnectOptions { Name = "My Rithmic", Provider = Provider.Rithmic };
        public ConnectionStatus Status = ConnectionStatus.Connected;

        public static int Listeners
        {
            get { return ConnectionStatusUpdate == null ? 0 : ConnectionStatusUpdate.GetInvocationList().Length; }
        }

        public void Become(ConnectionStatus status)
        {
            Status = status;
            if (ConnectionStatusUpdate != null)
                ConnectionStatusUpdate(this, new ConnectionStatusEventArgs { Connection = this, Status = status });
        }
    }

    public class MasterInstrument
    {
        public string Name;
        public double PointValue;
        public double TickSize;
    }

    public class Instrument
    {
        public string FullName;
        public MasterInstrument MasterInstrument;
    }

    public class Execution
    {
        public string ExecutionId;
        public string OrderId;
        public Instrument Instrument;
        public MarketPosition MarketPosition;
        public double Price;
        public int Quantity;
        public DateTime Time;
        public double Commission;
        public double Fee;
        public bool IsEntry;
        public bool IsExit;
    }

    public class Order
    {
        public string OrderId;
        public string Name;
        public Instrument Instrument;
        public OrderAction OrderAction;
        public OrderType OrderType;
        public int Quantity;
        public int Filled;
        public double AverageFillPrice;
        public double LimitPrice;
        public double StopPrice;
        public OrderState OrderState;
        public string Oco;
        public TimeInForce TimeInForce;
        public DateTime Time;
    }

    public class Position
    {
        public Instrument Instrument;
        public MarketPosition MarketPosition;
        public int Quantity;
        public double AveragePrice;
        public double Unrealized;

        public double GetUnrealizedProfitLoss(PerformanceUnit unit)
        {
            return Unrealized;
        }
    }

    public class Account
    {
        public static readonly Collection<Account> All = new Collection<Account>();
        public event EventHandler<AccountItemEventArgs> AccountItemUpdate;
        public event EventHandler<ExecutionEventArgs> ExecutionUpdate;
        public event EventHandler<OrderEventArgs> OrderUpdate;
        public event EventHandler<PositionEventArgs> PositionUpdate;

        public string Name;
        public Connection Connection;
        public readonly Dictionary<AccountItem, double> Items = new Dictionary<AccountItem, double>();
        public readonly Collection<Execution> Executions = new Collection<Execution>();
        public readonly Collection<Order> Orders = new Collection<Order>();
        public readonly Collection<Position> Positions = new Collection<Position>();

        public Provider Provider { get; set; }
        public Currency Denomination { get { return Currency.UsDollar; } }

        public int Listeners
        {
            get
            {
                int count = 0;
                foreach (Delegate each in new Delegate[] { AccountItemUpdate, ExecutionUpdate, OrderUpdate, PositionUpdate })
                    count += each == null ? 0 : each.GetInvocationList().Length;
                return count;
            }
        }

        public double Get(AccountItem item, Currency currency)
        {
            double value;
            return Items.TryGetValue(item, out value) ? value : 0.0;
        }

        public void Item(AccountItem item, double value)
        {
            Items[item] = value;
            if (AccountItemUpdate != null)
                AccountItemUpdate(this, new AccountItemEventArgs
                {
                    Account = this, AccountItem = item, Currency = Currency.UsDollar, Value = value, Time = DateTime.Now,
                });
        }

        public void Executes(Execution execution, Operation operation)
        {
            lock (Executions)
                Executions.Add(execution);
            if (ExecutionUpdate != null)
                ExecutionUpdate(this, new ExecutionEventArgs { Execution = execution, Operation = operation });
        }

        public void Ordered(Order order)
        {
            lock (Orders)
                if (!Orders.Contains(order))
                    Orders.Add(order);
            if (OrderUpdate != null)
                OrderUpdate(this, new OrderEventArgs { Order = order });
        }

        public void Positioned(Position position)
        {
            if (PositionUpdate != null)
                PositionUpdate(this, new PositionEventArgs { Position = position, Operation = Operation.Update });
        }
    }
}
