"""A broker that asks who is there: the password comes from a file, and a wrong one is a line that is down."""

import subprocess

import pytest

from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker, BusDown, Message
from tests.mosquitto import Mosquitto


@pytest.fixture
def passwords(tmp_path):
    file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(file), "edge-1", "right"], check=True)
    return file


@pytest.fixture
async def guarded(tmp_path, passwords):
    broker = Mosquitto(tmp_path, passwords=passwords)
    await broker.start()
    yield broker
    await broker.stop()


@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_the_password_decides(guarded, tmp_path, password):
    (tmp_path / "secret").write_text(f"{password}\n")
    broker = Broker(port=guarded.port, username="edge-1", password_file=str(tmp_path / "secret"))
    connecting = MqttBus(broker).connect("edge-1", ["t"])
    if password == "wrong":
        with pytest.raises(BusDown, match=f"edge-1 at 127.0.0.1:{guarded.port}"):
            await connecting.__aenter__()
        return
    async with connecting as line:
        await line.publish(Message("t", b"x"))
        assert (await line.receive()).payload == b"x"


async def test_a_password_file_that_is_not_there_is_a_line_that_is_down(guarded, tmp_path):
    broker = Broker(port=guarded.port, username="edge-1", password_file=str(tmp_path / "none"))
    with pytest.raises(BusDown, match="none"):
        await MqttBus(broker).connect("edge-1").__aenter__()
