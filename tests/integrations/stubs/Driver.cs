// Drives the add-on in its stand-in of NinjaTrader by commands on the standard input, one a line.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NinjaTrader.Cbi;
using NinjaTrader.NinjaScript;
using NinjaTrader.NinjaScript.AddOns;

public static class Driver
{
    private static readonly Dictionary<string, Account> Accounts = new Dictionary<string, Account>();
    private static readonly Instrument Mnq = new Instrument
    {
        FullName = "MNQ 12-26",
        MasterInstrument = new MasterInstrument { Name = "MNQ", PointValue = 2, TickSize = 0.25 },
    };

    public static int Main()
    {
        SignalboxBridge bridge = new SignalboxBridge();
        bridge.Become(State.SetDefaults);
        bridge.Become(State.Configure);
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            string[] words = line.Split(' ');
            if (words[0] == "end")
                break;
            Run(words);
            Console.WriteLine("DONE " + line);
        }
        bridge.Become(State.Terminated);
        Console.WriteLine("LISTENERS " + (Connection.Listeners + Accounts.Values.Sum(each => each.Listeners)));
        return 0;
    }

    private static void Run(string[] words)
    {
        Account account;
        Accounts.TryGetValue(words[1], out account);
        switch (words[0])
        {
            case "account":
                account = new Account { Name = words[1], Provider = Provider.Rithmic };
                account.Connection = new Connection();
                Accounts[words[1]] = account;
                lock (Account.All)
                    Account.All.Add(account);
                break;
            case "has":
                account.Items[Item(words[2])] = Number(words[3]);
                break;
            case "item":
                account.Item(Item(words[2]), Number(words[3]));
                break;
            case "status":
                account.Connection.Become((ConnectionStatus)Enum.Parse(typeof(ConnectionStatus), words[2]));
                break;
            case "executes":
                account.Executes(Executed(words), Operation.Add);
                break;
            case "executed":
                account.Executions.Add(Executed(words));
                break;
            case "breaks":
                account.Executes(null, Operation.Add);
                break;
            case "holds":
                Hold(account, int.Parse(words[2], CultureInfo.InvariantCulture), Number(words[3]), Number(words[4]));
                break;
            case "orders":
                Order(account, words[2], (OrderState)Enum.Parse(typeof(OrderState), words[3]));
                break;
            default:
                throw new ArgumentException(words[0]);
        }
    }

    private static AccountItem Item(string name)
    {
        return (AccountItem)Enum.Parse(typeof(AccountItem), name);
    }

    private static double Number(string text)
    {
        return double.Parse(text, CultureInfo.InvariantCulture);
    }

    private static Execution Executed(string[] words)
    {
        int quantity = int.Parse(words[3], CultureInfo.InvariantCulture);
        return new Execution
        {
            ExecutionId = words[2], OrderId = "o-" + words[2], Instrument = Mnq, Quantity = Math.Abs(quantity),
            MarketPosition = quantity < 0 ? MarketPosition.Short : MarketPosition.Long, Price = Number(words[4]),
            // NinjaTrader's own zone, without saying so.
            Time = TimeZoneInfo.ConvertTimeFromUtc(DateTime.UtcNow, NinjaTrader.Core.Globals.GeneralOptions.TimeZoneInfo),
            Commission = 0.5, Fee = 0.37, IsEntry = true,
        };
    }

    private static void Hold(Account account, int quantity, double average, double unrealized)
    {
        Position position = new Position
        {
            Instrument = Mnq, Quantity = Math.Abs(quantity), AveragePrice = average, Unrealized = unrealized,
            MarketPosition = quantity == 0 ? MarketPosition.Flat : quantity < 0 ? MarketPosition.Short : MarketPosition.Long,
        };
        lock (account.Positions)
        {
            account.Positions.Clear();
            account.Positions.Add(position);
        }
        account.Positioned(position);
    }

    private static void Order(Account account, string id, OrderState state)
    {
        Order order = account.Orders.FirstOrDefault(each => each.OrderId == id);
        if (order == null)
            order = new Order { OrderId = id, Name = "Stop \"1\"", Instrument = Mnq, Quantity = 1, StopPrice = 21480 };
        order.OrderAction = OrderAction.Sell;
        order.OrderType = OrderType.StopMarket;
        order.OrderState = state;
        order.TimeInForce = TimeInForce.Day;
        order.Oco = "g1";
        order.Time = DateTime.SpecifyKind(DateTime.UtcNow, DateTimeKind.Utc);
        account.Ordered(order);
    }
}
